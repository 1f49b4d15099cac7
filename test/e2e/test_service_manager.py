"""What systemd sees of the proxy, and gives it: readiness, reloads, the main process, listening sockets."""

import contextlib
import os
import pathlib
import signal
import socket
import time

import pytest

from harness import client
from harness.config import DENY_LOOPBACK, config, http_connect, listener, with_listeners
from harness.culvert import Culvert, write_config
from harness.ports import free_port
from harness.service_manager import NotifySocket, socket_activation
from harness.successor import Adopted, adopt_orphans, wait_until_served_by

UNIT = pathlib.Path(__file__).resolve().parents[2] / "packaging/systemd/culvert.service"


@pytest.fixture(params=["file", "abstract name"])
def any_manager(request, tmp_path, cleanup):
    path = tmp_path / "notify.sock" if request.param == "file" else f"@culvert-test-{os.getpid()}-{free_port()}"
    notify = NotifySocket(path)
    cleanup.callback(notify.close)
    return notify


@pytest.fixture
def manager(tmp_path, cleanup):
    notify = NotifySocket(tmp_path / "notify.sock")
    cleanup.callback(notify.close)
    return notify


@pytest.fixture
def proxy(manager, start_managed):
    proxy = start_managed(config(listener(http_connect()), drain_timeout="30s"), environment=manager.environment)
    manager.wait_for(READY="1")
    return proxy


def test_ready_is_said_when_it_listens(any_manager, start, echo_server):
    proxy = start(config(listener(http_connect())), environment=any_manager.environment)
    any_manager.wait_for(READY="1")
    assert client.status_of(proxy.address(), echo_server.address) == 200
    assert any_manager.count(READY="1") == 1


def test_ready_is_not_said_by_what_does_not_start(any_manager, tmp_path, echo_server):
    failed = Culvert(tmp_path, config(listener(http_connect(), port=echo_server.port)),
                     environment=any_manager.environment)
    assert failed.wait_for_end() == 1
    assert any_manager.count(READY="1") == 0


def test_reload_is_told_from_its_beginning_to_its_end(proxy, manager, echo_server):
    write_config(proxy.folder, with_listeners(proxy.config, listener(http_connect(DENY_LOOPBACK), port=proxy.port)))
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    proxy.send_signal(signal.SIGHUP)
    reloading = manager.wait_for(RELOADING="1")
    assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    manager.wait_for(2, READY="1")
    assert client.status_of(proxy.address(), echo_server.address) == 403


def test_reload_that_is_refused_ends_as_well(proxy, manager):
    (proxy.folder / "culvert.json").write_text("{")
    proxy.send_signal(signal.SIGHUP)
    manager.wait_for(RELOADING="1")
    manager.wait_for(2, READY="1")


def test_stop_is_told_at_its_beginning(proxy, manager, echo_server, tunnel):
    held = tunnel(proxy.address(), echo_server.address)
    proxy.send_signal(signal.SIGTERM)
    manager.wait_for(STOPPING="1")
    client.assert_echoes(held)


def test_status_is_a_line_for_people(proxy, manager):
    assert manager.wait_for_key("STATUS")


def test_successor_becomes_the_main_process(proxy, manager, echo_server, tunnel):
    adopt_orphans()
    held = tunnel(proxy.address(), echo_server.address)
    proxy.send_signal(signal.SIGUSR2)
    main = int(manager.wait_for_key("MAINPID"))
    assert main != proxy.pid
    # Whoever asks for the end of the service now must mean the new process: it has said that it is ready.
    old = proxy.become(Adopted(main))
    wait_until_served_by(proxy.admin_address, main)
    assert client.status_of(proxy.address(), echo_server.address) == 200
    client.assert_echoes(held)
    assert manager.count(STOPPING="1") == 0, "the service goes on"
    held.close()
    assert old.wait(10) == 0
    assert manager.count(STOPPING="1") == 0
    assert proxy.stop() == 0
    manager.wait_for(STOPPING="1")


@pytest.fixture
def listening(cleanup):
    """listening(): a socket that the service manager has opened, at which connections wait already."""
    def make(address=None):
        made = socket.create_server(address or ("127.0.0.1", free_port()), backlog=128)
        cleanup.callback(made.close)
        return made
    return make


def open_files(process):
    """What its descriptors refer to; those that are closed meanwhile are left out."""
    found = set()
    for file in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(file))
    return found


def test_sockets_that_are_given_are_used(start, listening, echo_server, dial):
    given, port = listening(), free_port()
    waiting = dial(given.getsockname())
    waiting.sendall(client.connect_head(echo_server.address))
    proxy = start(config(listener(http_connect(), port=given.getsockname()[1]),
                         listener(http_connect(), name="own", port=port)),
                  **socket_activation(given, names=["proxy"]))
    assert client.read_until(waiting, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 "), "it came before the process"
    assert client.status_of(proxy.address("own"), echo_server.address) == 200
    socket_file = os.readlink(f"/proc/self/fd/{given.fileno()}")
    assert socket_file in open_files(proxy)


def test_given_socket_is_served_by_every_worker(start, listening, echo_server, tunnel):
    given = listening()
    proxy = start(config(listener(http_connect(), port=given.getsockname()[1]), workers=3), **socket_activation(given))
    for connection in [tunnel(proxy.address(), echo_server.address) for _ in range(50)]:
        client.assert_echoes(connection)


def test_socket_that_the_manager_keeps_outlives_the_process(start, listening, echo_server, dial):
    """Between two processes connections wait: none is refused."""
    given = listening()
    settings = config(listener(http_connect(), port=given.getsockname()[1]))
    first = start(settings, **socket_activation(given))
    assert client.status_of(first.address(), echo_server.address) == 200
    assert first.stop() == 0
    waiting = dial(given.getsockname())
    waiting.sendall(client.connect_head(echo_server.address))
    start(settings, **socket_activation(given))
    assert client.read_until(waiting, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 ")


def test_variables_that_are_meant_for_another_process_are_passed_over(start, echo_server):
    proxy = start(config(listener(http_connect())), environment={"LISTEN_PID": "1", "LISTEN_FDS": "3"})
    assert client.status_of(proxy.address(), echo_server.address) == 200


def test_descriptor_that_is_no_listening_socket_is_an_error(tmp_path, cleanup):
    connected, other = socket.socketpair()
    cleanup.callback(connected.close)
    cleanup.callback(other.close)
    failed = Culvert(tmp_path, config(listener(http_connect())), **socket_activation(connected))
    assert failed.wait_for_end() == 1
    assert "socket" in failed.text


def test_unit_says_what_the_program_does():
    unit = UNIT.read_text()
    settings = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and not line.startswith("#"))
    assert settings["Type"] in ("notify", "notify-reload") and settings["NotifyAccess"] in ("main", "all", "exec")
    assert "culvert run" in settings["ExecStart"]
    assert settings["Type"] == "notify-reload" or "ExecReload" in settings
