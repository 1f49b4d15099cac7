"""The proxy under test, as a process."""

import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import threading
import time
import urllib.request

from harness.ports import is_listening
from harness.records import Record

_ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("CULVERT_BIN", _ROOT / "bazel-bin/source/exe/culvert"))


def write_config(folder, config):
    """Writes a config given as a dict (JSON) or as YAML text; returns the file's path."""
    file = folder / ("culvert.yaml" if isinstance(config, str) else "culvert.json")
    file.write_text(config if isinstance(config, str) else json.dumps(config, indent=1))
    return file


def run_command(*arguments, environment=None, timeout=30):
    """Runs the binary to its end; returns the completed process with text output."""
    return subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
        env={**os.environ, **(environment or {})},
    )


class Culvert:
    """`culvert run` with a config. Always ended by `stop()`, which the fixture that made it calls.

    `wrapper` are the words of a program that runs the binary in its own place; it gets the descriptors `passed`.
    """

    def __init__(self, folder, config, arguments=(), open_files=None, environment=None, wrapper=(), passed=()):
        self.folder = folder
        self.config = config
        self.has_listened = False
        self.log = []  # lines of standard error
        self._records = []
        self._output = []  # lines of standard output that are no access log records
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [*wrapper, BINARY, "run", "-c", write_config(folder, config), *arguments], pass_fds=passed,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
            env={**os.environ, **(environment or {})}, preexec_fn=_limit_open_files(open_files),
        )
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout, self._add_output), daemon=True),
            threading.Thread(target=self._read, args=(self._process.stderr, self.log.append), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    # Addresses.

    def address(self, name=None):
        """(host, port) of the listener with that name, or of the first one; the path of a Unix socket."""
        for entry in self.config["listeners"]:
            if name in (None, entry["name"]):
                return _split_address(entry["address"])
        raise KeyError(name)

    @property
    def port(self):
        return self.address()[1]

    @property
    def admin_address(self):
        """Of the admin API, as gRPC writes addresses."""
        process = self.config["process"]
        return process.get("admin", {}).get("address") or f"unix:{process['state_directory']}/admin.sock"

    def wait_until_listening(self, timeout=20):
        deadline = time.monotonic() + timeout
        waiting_for = [_split_address(entry["address"]) for entry in self.config["listeners"]]
        with self._changed:
            while waiting_for:
                waiting_for = [address for address in waiting_for if not _listens(address)]
                assert self._process.poll() is None, f"culvert ended with status {self._process.poll()}:\n{self.text}"
                assert time.monotonic() < deadline, f"culvert does not listen on {waiting_for}:\n{self.text}"
                self._changed.wait(0.02)
        self.has_listened = True
        return self

    # What it prints.

    @property
    def text(self):
        return "\n".join(self.log)

    def wait_for_log(self, pattern, timeout=10):
        """The first line of standard error, past or future, in which the regular expression is found."""
        return self._wait_for(lambda: next((line for line in self.log if re.search(pattern, line)), None), timeout,
                              lambda: f"no log line has /{pattern}/:\n{self.text}")

    def records(self):
        with self._changed:
            return list(self._records)

    def wait_for_record(self, matches=lambda record: True, timeout=10):
        """The first record of the access log, past or future, for which `matches` is true."""
        return self._wait_for(lambda: next((record for record in self._records if matches(record)), None), timeout,
                              lambda: "no such record among:\n" + "\n".join(map(repr, self._records)))

    def _wait_for(self, find, timeout, complaint):
        with self._changed:
            assert self._changed.wait_for(find, timeout), complaint()
            return find()

    def _read(self, stream, add):
        for line in stream:
            with self._changed:
                add(line.rstrip("\n"))
                self._changed.notify_all()

    def _add_output(self, line):
        if line.startswith("{"):
            self._records.append(Record(line))
        else:
            self._output.append(line)

    # The process.

    @property
    def pid(self):
        return self._process.pid

    def send_signal(self, number):
        self._process.send_signal(number)

    def wait_for_end(self, timeout=20):
        """Waits until the process ends by itself; returns its exit status."""
        status = self._process.wait(timeout)
        for reader in self._readers:
            reader.join(5)
        return status

    def become(self, process):
        """Another process, which has the same outputs, is from now on the one that is meant; returns the one before."""
        self._process, before = process, self._process
        return before

    def memory(self, what="VmRSS"):
        """Bytes; VmRSS is what it has now, VmHWM the most it ever had."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{what}:\s+(\d+) kB", status, re.M).group(1)) * 1024

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metrics(self, name="metrics"):
        """The samples of the listener with that name: `name{labels}` to value."""
        host, port = self.address(name)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{host}:{port}/metrics", timeout=10) as reply:
            lines = reply.read().decode().splitlines()
        samples = [line.rpartition(" ") for line in lines if line and not line.startswith("#")]
        return {sample: float(value) for sample, _, value in samples}

    def stop(self):
        """Asks the process to drain and ends it in any case; returns its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self.wait_for_end(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.wait_for_end()
            return "did not end within 15 s of SIGTERM"


def _split_address(address):
    if address.startswith("unix:"):
        return address.removeprefix("unix:")
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _listens(address):
    if isinstance(address, str):
        return pathlib.Path(address).is_socket()
    # Where the kernel chooses the port, it is not known here.
    return address[1] == 0 or is_listening(address[1])


def _limit_open_files(count):
    if count is None:
        return None
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
