"""The `metrics` filter: Prometheus text."""

import re

import pytest

from harness import client
from harness.config import auth, config, http_connect, listener, tls_terminate, users
from harness.waiting import eventually


@pytest.fixture
def proxy(start, localhost):
    return start(config(
        listener(tls_terminate(localhost), auth(failure_delay="0.001s"), http_connect()),
        listener({"metrics": {}}, name="metrics"), identity_providers=[users("alice:a")]))


def get(proxy, path="/metrics", method="GET"):
    request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with client.dial(proxy.address("metrics")) as connection:
        connection.sendall(request.encode())
        return client.read_reply(connection)


def total(proxy, pattern):
    """The sum of the samples whose name and labels match."""
    return sum(value for name, value in proxy.metrics().items() if re.search(pattern, name))


def test_text_is_well_formed(proxy, echo_server, trust):
    client.open_tunnel(proxy.address(), echo_server.address, "alice:a", trust).close()
    reply = get(proxy)
    assert reply.header("Content-Type").startswith("text/plain; version=0.0.4")
    text = reply.body.decode()
    assert text.endswith("\n")
    typed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    assert set(typed.values()) == {"counter", "gauge", "histogram"}
    for line in text.splitlines():
        if not line.startswith("#"):
            name = re.fullmatch(r'(culvert_[a-z0-9_]+)(\{.*\})? [-+0-9.eInf]+', line).group(1)
            assert name in typed or re.sub("_(bucket|sum|count)$", "", name) in typed, line


def test_connections_are_counted(proxy, echo_server, trust, tunnel):
    before = total(proxy, r'^culvert_listener_connections_total\{.*listener="proxy"')
    held = [tunnel(proxy.address(), echo_server.address, "alice:a", trust) for _ in range(5)]
    assert total(proxy, r'^culvert_listener_connections_total\{.*listener="proxy"') == before + 5
    assert total(proxy, r'^culvert_listener_connections_active\{.*listener="proxy"') == 5
    for connection in held:
        connection.close()
    eventually(lambda: total(proxy, r'^culvert_listener_connections_active\{.*listener="proxy"') == 0,
               what="the gauge to go down")


def test_bytes_handshakes_and_failures_are_counted(proxy, echo_server, trust, free_port):
    def moved(pattern, action, by=1):
        before = total(proxy, pattern)
        action()
        eventually(lambda: total(proxy, pattern) >= before + by, 5, f"{pattern} to move by {by}")

    def transfer():
        with client.open_tunnel(proxy.address(), echo_server.address, "alice:a", trust) as connection:
            client.assert_echoes(connection, b"x" * 100_000)

    moved("bytes", transfer, 200_000)
    moved("tls.*handshake.*total", transfer)
    moved("auth.*total", lambda: client.refused_tunnel(proxy.address(), echo_server.address, "alice:wrong", trust))
    moved("http_connect.*total", lambda: client.refused_tunnel(
        proxy.address(), f"127.0.0.1:{free_port}", "alice:a", trust))
    moved("http_connect.*total", lambda: client.refused_tunnel(proxy.address(), "192.0.2.1:1", "alice:a", trust))


def test_other_paths_and_methods_are_not_its_own(proxy):
    assert get(proxy, "/").status == 404
    assert get(proxy, "/metrics/more").status == 404
    assert get(proxy, "/metrics?name=x").status == 200
    assert get(proxy, method="POST").status in (404, 405)


def test_head_has_no_body(proxy):
    with client.dial(proxy.address("metrics")) as connection:
        connection.sendall(b"HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head, rest = client.read_until(connection, b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 ")
        assert rest + client.read_to_end(connection) == b""


def test_path_is_a_choice(start):
    proxy = start(config(listener({"metrics": {"path": "/stats"}}, name="metrics")))
    assert get(proxy, "/stats").status == 200
    assert get(proxy, "/metrics").status == 404
