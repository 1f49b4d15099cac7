"""The process itself."""

import contextlib
import os
import pathlib
import re
import signal

from harness import client
from harness.config import config, http_connect, listener, tls_terminate
from harness.culvert import run_command, write_config
from harness.waiting import eventually


def test_no_openssl_in_the_process(secure_proxy, echo_server, tunnel, trust):
    tunnel(secure_proxy.address(), echo_server.address, tls=trust)
    maps = pathlib.Path(f"/proc/{secure_proxy.pid}/maps").read_text()
    libraries = set(re.findall(r"\S*/lib(?:ssl|crypto)\.so\S*", maps))
    assert libraries, "BoringSSL is a shared library"
    assert {os.path.dirname(library).rpartition("/")[2] for library in libraries} == {"android"}


def test_each_worker_has_its_own_listening_socket(start):
    proxy = start(config(listener(http_connect()), workers=3))
    inodes = {os.readlink(entry) for entry in pathlib.Path(f"/proc/{proxy.pid}/fd").iterdir()}
    listening = []
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[1].endswith(f":{proxy.port:04X}") and f"socket:[{fields[9]}]" in inodes:
            listening.append(fields[9])
    assert len(listening) == 3


def test_workers_of_the_command_line_come_before_the_config(start):
    proxy = start(config(listener(http_connect()), workers=1), arguments=["--workers", "3"])
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    assert sum(f":{proxy.port:04X} " in line and line.split()[3] == "0A" for line in lines) == 3


def test_idle_process_uses_no_cpu(start, localhost, echo_server, tunnel, trust):
    proxy = start(config(listener(tls_terminate(localhost), http_connect())))
    for _ in range(20):
        client.assert_echoes(tunnel(proxy.address(), echo_server.address, tls=trust))
    before = proxy.cpu_seconds()
    silent = tunnel(proxy.address(), echo_server.address, tls=trust)
    silent.settimeout(2)
    try:
        silent.recv(1)
    except TimeoutError:
        pass
    assert proxy.cpu_seconds() - before < 0.1


def test_descriptors_are_not_leaked(plain_proxy, echo_server):
    def use():
        with client.open_tunnel(plain_proxy.address(), echo_server.address) as connection:
            client.assert_echoes(connection, b"x" * 500_000)

    def use_often(count, records):
        for _ in range(count):
            use()
        eventually(lambda: len(plain_proxy.records()) == records, what="the end of all tunnels")
        return plain_proxy.open_files()

    # Every worker keeps the pipes of its first transfers for the next ones, whenever these are.
    before = use_often(20, 20)
    assert use_often(50, 70) < before + 20


def test_tunnels_that_are_quiet_again_hold_no_pipe(plain_proxy, echo_server, tunnel):
    def pipes():
        links = set()
        for entry in pathlib.Path(f"/proc/{plain_proxy.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                links.add(os.readlink(entry))
        return sum(link.startswith("pipe:") for link in links)

    before, tunnels = pipes(), [tunnel(plain_proxy.address(), echo_server.address) for _ in range(100)]
    for connection in tunnels:
        client.assert_echoes(connection, b"x" * 300_000)
    assert pipes() > before, "none was used: the test shows nothing"
    # Every worker keeps some for the next transfers.
    eventually(lambda: pipes() < before + 50, what="pipes given back")


def test_sigpipe_does_not_end_it(plain_proxy, echo_server):
    plain_proxy.send_signal(signal.SIGPIPE)
    client.open_tunnel(plain_proxy.address(), echo_server.address).close()


def test_port_that_is_taken_stops_the_start(tmp_path, echo_server):
    file = write_config(tmp_path, config(listener(http_connect(), port=echo_server.port)))
    done = run_command("run", "-c", file)
    assert done.returncode == 1
    assert str(echo_server.port) in done.stderr
