#!/usr/bin/python3
"""What it costs to change one field of a large config under traffic: how long an apply takes, and how long a byte waits.

    tools/bench/apply.py [--listeners N] [--chains N] [--applies N] [--form message|text]

Starts Culvert (CULVERT_BIN, or that of bazel-bin) with N listeners of N chains each, told apart by server name, and a
cluster for every chain; then changes the time-out of one chain again and again, while bytes go there and back through
tunnels. Prints how long the applies took and the longest round trip, against that of a time without applies.
Example: tools/bench/apply.py --form text
"""

import argparse
import contextlib
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "test/e2e"))

from harness.admin import Admin  # noqa: E402
from harness.certificates import Authority  # noqa: E402
from harness.culvert import Culvert  # noqa: E402
from harness.large_config import CHAINS, LISTENERS, large_config, measure_apply  # noqa: E402


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=LISTENERS)
    parser.add_argument("--chains", type=int, default=CHAINS, help="of each listener")
    parser.add_argument("--applies", type=int, default=20)
    parser.add_argument("--form", choices=["message", "text"], help="how the config is sent (both, one after the other)")
    return parser.parse_args()


@contextlib.contextmanager
def running(settings, folder):
    process = Culvert(folder, settings, open_files=max(4096, 8 * len(settings["listeners"])))
    try:
        yield process.wait_until_listening(timeout=120)
    finally:
        process.stop()


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="culvert_bench_") as name:
        folder = pathlib.Path(name)
        authority = Authority(folder)
        issued = [authority.issue(f"server{number}", "DNS:localhost") for number in range(4)]
        settings = large_config(issued, arguments.listeners, arguments.chains, state_directory=str(folder / "state"))
        with running(settings, folder) as proxy, Admin(proxy.admin_address) as admin:
            admin.wait_until_ready(60)
            print(f"{arguments.listeners} listeners of {arguments.chains} chains, {len(settings['clusters'])} clusters; "
                  f"{proxy.memory() >> 20} MiB")
            for form in [arguments.form] if arguments.form else ["message", "text"]:
                print(f"sent as {form}: {measure_apply(admin, settings, proxy.port, form, arguments.applies)}", flush=True)
            print(f"afterwards: {proxy.memory() >> 20} MiB")


if __name__ == "__main__":
    main()
