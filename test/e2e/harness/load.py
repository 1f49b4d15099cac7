"""Clients in a process of their own that use the proxy without pause, and what became of them."""

import contextlib
import json
import pathlib
import subprocess
import sys

from harness.waiting import eventually

FOLDER = pathlib.Path(__file__).resolve().parents[1]


def start_program(module, specification):
    """A program of the harness that is told by lines on standard input what to do."""
    return subprocess.Popen([sys.executable, "-m", f"harness.{module}", json.dumps(specification)], cwd=FOLDER,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def tunnel_through(port, tls=False, server_name="localhost"):
    """A CONNECT tunnel to the echo service."""
    return {"port": port, "tls": tls, "tunnel": True, "server_name": server_name}


def tls_service(port, server_name="localhost"):
    """A listener that takes TLS off and carries the rest to the echo service."""
    return {"port": port, "tls": True, "tunnel": False, "server_name": server_name}


class Load:
    """`clients` that open, use and close connections to the targets in turn, and `held` ones that keep theirs."""

    def __init__(self, *targets, echo_port, clients=64, held=2, ca=None):
        self._process = start_program("load_client", {
            "echo_port": echo_port, "clients": clients, "held": held, "ca": ca and str(ca), "targets": targets})

    def used(self):
        """How many connections have been opened, used and closed."""
        self._process.stdin.write("count\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait_for(self, more, timeout=60):
        """Waits until `more` connections have been used after this call."""
        wanted = self.used() + more
        eventually(lambda: self.used() >= wanted, timeout, f"{more} connections more")

    def finish(self):
        """Ends the clients; returns how many connections there were. Not one of them may have failed."""
        output, _ = self._process.communicate(timeout=60)
        outcome = json.loads(output.splitlines()[-1])
        assert outcome["failures"] == [], f"of {outcome['used']} connections: {outcome['failures'][:5]}"
        assert outcome["used"] > 0
        return outcome["used"]

    def close(self):
        with contextlib.suppress(BrokenPipeError, OSError):
            self._process.stdin.close()
        self._process.kill()
        self._process.wait(10)
