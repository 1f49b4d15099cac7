"""A hot restart that fails, one that is asked for by SIGUSR2, and strangers: the old process goes on as if nothing had been."""

import pathlib
import signal
import socket

import grpc
import pytest

from harness import client
from harness.admin import refused
from harness.config import DENY_LOOPBACK, config, http_connect, listener, with_listeners
from harness.culvert import Culvert
from harness.large_config import large_config
from harness.load import Load, tunnel_through
from harness.ports import free_port
from harness.successor import Adopted, adopt_orphans, wait_for_successor
from harness.waiting import eventually


@pytest.fixture
def proxy(start_managed):
    return start_managed(config(listener(http_connect()), drain_timeout="30s"))


def denying(proxy):
    return with_listeners(proxy.config, listener(http_connect(DENY_LOOPBACK), port=proxy.port))


def bad_certificate(proxy):
    absent = {"certificate_chain": {"filename": "/absent"}, "private_key": {"filename": "/absent"}}
    return with_listeners(proxy.config, {
        **proxy.config["listeners"][0], "filters": [{"tls_terminate": {"certificates": [absent]}}, http_connect()]})


# How a new process fails to start: its file.
FAILURES = {
    "unknown field": lambda proxy, _: {**proxy.config, "listners": []},
    "address that is taken": lambda proxy, taken: with_listeners(
        proxy.config, *proxy.config["listeners"], listener(http_connect(), name="taken", port=taken)),
    "certificate that is not there": lambda proxy, _: bad_certificate(proxy),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_new_process_that_fails_to_start_leaves_the_old_one_alone(proxy, echo_server, tunnel, cleanup, failure):
    held = tunnel(proxy.address(), echo_server.address)
    load = Load(tunnel_through(proxy.port), echo_port=free_port(), clients=8)
    cleanup.callback(load.close)
    load.wait_for(8)
    failed = Culvert(proxy.folder, FAILURES[failure](proxy, echo_server.port),
                     arguments=["--take-over", "--start-from", "file"])
    assert failed.wait_for_end() == 1
    assert failed.text
    load.wait_for(100)
    load.finish()
    client.assert_echoes(held)
    assert proxy.admin.server.GetInfo().pid == proxy.pid
    assert proxy.admin.apply(denying(proxy)).version.number == 2
    assert client.status_of(proxy.address(), echo_server.address) == 403


def test_new_process_that_is_killed_while_it_starts_leaves_the_old_one_alone(proxy, take_over, echo_server, localhost):
    large = large_config([localhost], listeners=20)  # takes a while to build
    settings = with_listeners(proxy.config, *proxy.config["listeners"], *large["listeners"][1:],
                              clusters=large["clusters"])
    doomed = Culvert(proxy.folder, settings, arguments=["--take-over", "--start-from", "file"])
    doomed.wait_for_log("taking over")
    doomed.send_signal(signal.SIGSTOP)
    refusal = refused(proxy.admin.apply, denying(proxy))
    assert refusal.code == grpc.StatusCode.UNAVAILABLE, "one of the two would not know of it"
    assert client.status_of(proxy.address(), echo_server.address) == 200
    doomed.send_signal(signal.SIGKILL)
    doomed.wait_for_end()
    proxy.wait_for_log("(?i)take.?over|successor")
    assert proxy.admin.apply(denying(proxy)).version.number == 2
    assert client.status_of(proxy.address(), echo_server.address) == 403
    take_over(proxy)
    assert proxy.wait_for_end(10) == 0


def test_stranger_at_the_socket_changes_nothing(proxy, take_over, echo_server):
    path = pathlib.Path(proxy.config["process"]["state_directory"]) / "takeover.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    for said in b"", b"\0" * 4, b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100_000:
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(path))
            try:
                stranger.sendall(said)
                stranger.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it was not listened to any longer
            client.is_closed(stranger)
    assert proxy.admin.apply(denying(proxy)).version.number == 2
    take_over(proxy)
    assert proxy.wait_for_end(10) == 0


def test_without_a_process_to_take_over_from_it_starts_afresh(start_managed, echo_server):
    proxy = start_managed(config(listener(http_connect())), arguments=["--take-over"])
    assert client.status_of(proxy.address(), echo_server.address) == 200


def test_sigusr2_starts_the_program_again(proxy, echo_server, tunnel):
    adopt_orphans()
    for _ in range(3):
        held = tunnel(proxy.address(), echo_server.address)
        before = proxy.pid
        proxy.send_signal(signal.SIGUSR2)
        after = wait_for_successor(proxy.admin_address, before)
        command = pathlib.Path(f"/proc/{after}/cmdline").read_bytes().split(b"\0")
        assert command.count(b"--take-over") == 1
        old = proxy.become(Adopted(after))
        client.assert_echoes(held)
        held.close()
        assert old.wait(10) == 0
        assert client.status_of(proxy.address(), echo_server.address) == 200


def test_sigusr2_without_effect_is_told(proxy, echo_server):
    """The file is broken meanwhile: the new process ends, and the old one says so and goes on."""
    (proxy.folder / "culvert.json").write_text("{")
    children = pathlib.Path(f"/proc/{proxy.pid}/task/{proxy.pid}/children")
    proxy.send_signal(signal.SIGUSR2)
    proxy.wait_for_log("status 1")
    eventually(lambda: not children.read_text().strip(), what="the end of the child")
    assert proxy.admin.server.GetInfo().pid == proxy.pid
    assert client.status_of(proxy.address(), echo_server.address) == 200
