"""ServerService, health and reflection; where the API is, and who may open it."""

import json
import pathlib
import stat
import threading

import grpc
import pytest

from harness import client
from harness.admin import refused
from harness.config import DENY_LOOPBACK, config, http_connect, listener, with_listeners
from harness.culvert import run_command, write_config
from harness.ports import free_port, is_listening
from harness.reflection import ReflectionClient
from harness.stubs import admin_runtime, health
from harness.waiting import Stopwatch, eventually

CONFIG = "culvert.admin.v1.ConfigService"


def test_server_info(start_managed, echo_server, tunnel):
    proxy = start_managed(config(listener(http_connect()), workers=3, node={"id": "edge-1", "cluster": "eu-west"}))
    tunnel(proxy.address(), echo_server.address)
    info = proxy.admin.server.GetInfo()
    assert (info.pid, info.workers, info.connections, info.config_version) == (proxy.pid, 3, 1, 1)
    assert (info.node_id, info.node_cluster) == ("edge-1", "eu-west")
    assert info.state == admin_runtime.ServerInfo.SERVING
    assert info.version in run_command("version").stdout
    assert info.start.seconds > 1_600_000_000


def test_health(managed_proxy):
    assert managed_proxy.admin.health.Check().status == health.HealthCheckResponse.SERVING


def test_client_that_knows_nothing_but_reflection(managed_proxy, echo_server, cleanup):
    reflected = ReflectionClient(managed_proxy.admin.channel)
    cleanup.callback(reflected.close)
    services = {f"culvert.admin.v1.{name}Service" for name in ("Config", "Runtime", "Connection", "Server")}
    assert services | {"grpc.health.v1.Health"} <= reflected.services()
    assert reflected.call("culvert.admin.v1.ServerService", "GetInfo")["pid"] == managed_proxy.pid
    denied = with_listeners(managed_proxy.config, listener(http_connect(DENY_LOOPBACK), port=managed_proxy.port))
    source = {"text": {"format": "JSON", "content": json.dumps(denied)}}
    assert reflected.call(CONFIG, "Apply", {"source": source, "label": "reflected"})["version"]["label"] == "reflected"
    assert client.status_of(managed_proxy.address(), echo_server.address) == 403
    assert next(reflected.call(CONFIG, "Watch"))["number"] == "2"
    assert "http_connect" in reflected.call(CONFIG, "Get")["yaml"]
    with pytest.raises(grpc.RpcError):
        reflected.call(CONFIG, "Get", {"version": 77})


def test_log_levels(managed_proxy):
    service = managed_proxy.admin.server

    def levels(answer):
        return {one.name: one.level for one in answer.components}

    before = levels(service.GetLogLevels())
    assert len(before) > 1 and set(before.values()) == {"info"}
    changed = service.SetLogLevel(component="config", level="debug")
    assert levels(changed) == {**before, "config": "debug"} == levels(service.GetLogLevels())
    assert set(levels(service.SetLogLevel(level="error")).values()) == {"error"}
    for wrong in {"level": "loud"}, {"level": ""}, {"component": "nonsense", "level": "info"}:
        assert refused(service.SetLogLevel, **wrong).code == grpc.StatusCode.INVALID_ARGUMENT
    assert set(levels(service.GetLogLevels()).values()) == {"error"}


def test_levels_count_at_once(managed_proxy):
    def change(limit):
        managed_proxy.admin.apply(with_listeners(managed_proxy.config, {
            **managed_proxy.config["listeners"][0], "max_connections": limit}))

    lines = len(managed_proxy.log)
    managed_proxy.admin.server.SetLogLevel(level="debug")
    change(1)
    eventually(lambda: len(managed_proxy.log) > lines, what="a line at debug")
    managed_proxy.admin.server.SetLogLevel(level="error")
    managed_proxy.wait_for_log("log level of all components to error")
    lines = len(managed_proxy.log)
    change(2)
    managed_proxy.admin.server.Shutdown()
    assert managed_proxy.wait_for_end(10) == 0
    assert managed_proxy.log[lines:] == []


def test_logs_are_opened_again(start_managed, echo_server, tmp_path):
    log = tmp_path / "access.log"
    proxy = start_managed(config(listener(http_connect()), access_log=[{"filename": str(log)}]))
    log.rename(tmp_path / "access.log.1")
    proxy.admin.server.ReopenLogs()
    eventually(log.exists, what="the new file")
    client.open_tunnel(proxy.address(), echo_server.address).close()
    eventually(log.read_text, what="a line in it")


def test_drain_lets_open_tunnels_end_and_then_the_process(start_managed, echo_server, tunnel):
    proxy = start_managed(config(listener(http_connect()), drain_timeout="30s"))
    held = tunnel(proxy.address(), echo_server.address)
    assert proxy.admin.server.Drain().connections == 1
    eventually(lambda: not is_listening(proxy.port), what="the end of listening")
    assert proxy.admin.server.GetInfo().state == admin_runtime.ServerInfo.DRAINING
    settings = with_listeners(proxy.config, listener(http_connect(DENY_LOOPBACK), port=proxy.port))
    assert refused(proxy.admin.apply, settings).code == grpc.StatusCode.UNAVAILABLE
    client.assert_echoes(held, b"x" * 100_000)
    held.close()
    assert proxy.wait_for_end(10) == 0


def test_drain_takes_a_timeout(start_managed, echo_server, tunnel):
    proxy = start_managed(config(listener(http_connect()), drain_timeout="30s"))
    held = tunnel(proxy.address(), echo_server.address)
    watch = Stopwatch()
    proxy.admin.server.Drain(timeout={"seconds": 1})
    assert client.is_closed(held)
    assert proxy.wait_for_end(10) == 0
    assert 0.8 < watch.seconds < 8


def test_shutdown_ends_at_once(start_managed, echo_server, tunnel):
    proxy = start_managed(config(listener(http_connect()), drain_timeout="30s"))
    held = tunnel(proxy.address(), echo_server.address)
    watch = Stopwatch()
    assert proxy.admin.server.Shutdown().connections == 1
    assert client.is_closed(held)
    assert proxy.wait_for_end(10) == 0
    assert watch.seconds < 5


def test_its_socket_is_the_owners_alone(managed_proxy):
    state = pathlib.Path(managed_proxy.config["process"]["state_directory"])
    assert stat.S_IMODE((state / "admin.sock").stat().st_mode) == 0o600
    for folder in state, state / "config":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in (state / "config").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    managed_proxy.stop()
    assert not (state / "admin.sock").exists()


def test_it_may_be_at_a_loopback_address(start, connect_admin):
    address = f"127.0.0.1:{free_port()}"
    proxy = start(config(listener(http_connect()), admin={"address": address}))
    assert connect_admin(proxy).wait_until_ready().server.GetInfo().pid == proxy.pid


@pytest.mark.parametrize("address", ["0.0.0.0:9901", "[::]:9901", "192.0.2.1:9901", "nonsense"])
def test_it_may_not_be_at_another_address(tmp_path, address):
    done = run_command("validate", "-c", write_config(tmp_path, config(listener(http_connect()), admin={"address": address})))
    assert done.returncode == 1 and "process.admin.address" in done.stderr


def test_without_an_address_and_a_state_directory_there_is_none(start):
    proxy = start(config(listener(http_connect())))
    assert f"{proxy.folder}/" not in pathlib.Path("/proc/net/unix").read_text()
    assert [file.name for file in proxy.folder.iterdir()] == ["culvert.json"]


def test_calls_are_answered_while_the_proxy_is_busy(managed_proxy, echo_server, tunnel):
    """A tunnel that carries all it can on each worker does not keep the API from its work."""
    ended = threading.Event()

    def flood(connection):
        while not ended.is_set():
            client.assert_echoes(connection, b"x" * 200_000)

    tunnels = [tunnel(managed_proxy.address(), echo_server.address) for _ in range(8)]
    threads = [threading.Thread(target=flood, args=(one,)) for one in tunnels]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            assert len(managed_proxy.admin.list_connections()) == 8
            managed_proxy.admin.runtime.GetStats(deadline=5)
    finally:
        ended.set()
        for thread in threads:
            thread.join(20)
