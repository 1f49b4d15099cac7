"""SIGTERM: no new connections, open ones may finish, then an orderly end."""

import signal
import socket

import pytest

from harness import client
from harness.config import config, http_connect, listener
from harness.ports import is_listening
from harness.waiting import Stopwatch, eventually


@pytest.fixture
def proxy(start):
    return start(config(listener(http_connect()), drain_timeout="30s"))


def stops_listening(proxy):
    eventually(lambda: not is_listening(proxy.port), what="the end of listening")


def test_open_tunnel_goes_on_and_new_connections_are_refused(proxy, echo_server):
    connection = client.open_tunnel(proxy.address(), echo_server.address)
    proxy.send_signal(signal.SIGTERM)
    stops_listening(proxy)
    with pytest.raises(ConnectionRefusedError):
        client.dial(proxy.address())
    client.assert_echoes(connection, b"still here" * 10_000)
    connection.close()
    assert proxy.wait_for_end(10) == 0


def test_without_connections_it_ends_at_once(proxy):
    watch = Stopwatch()
    proxy.send_signal(signal.SIGTERM)
    assert proxy.wait_for_end(10) == 0
    assert watch.seconds < 3


def test_connections_are_closed_when_the_time_is_up(start, echo_server, tunnel):
    proxy = start(config(listener(http_connect()), drain_timeout="1s"))
    connection = tunnel(proxy.address(), echo_server.address)
    watch = Stopwatch()
    proxy.send_signal(signal.SIGTERM)
    assert client.is_closed(connection)
    assert proxy.wait_for_end(10) == 0
    assert 0.8 < watch.seconds < 8
    assert proxy.wait_for_record().reason in ("drain_timeout", "shutdown")


def test_idle_keep_alive_connection_does_not_hold_up_the_end(start, dial):
    proxy = start(config(listener({"metrics": {}}), drain_timeout="30s"))
    connection = dial(proxy.address())
    connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    client.read_reply(connection)
    proxy.send_signal(signal.SIGTERM)
    assert proxy.wait_for_end(10) == 0


def test_second_signal_ends_it_at_once(proxy, echo_server, tunnel):
    connection = tunnel(proxy.address(), echo_server.address)
    proxy.send_signal(signal.SIGTERM)
    stops_listening(proxy)
    watch = Stopwatch()
    proxy.send_signal(signal.SIGTERM)
    assert client.is_closed(connection)
    assert proxy.wait_for_end(10) == 0
    assert watch.seconds < 5


def test_connections_that_the_kernel_has_accepted_are_served(start, echo_server):
    """A burst of clients and SIGTERM at the same moment: whoever got a connection gets an answer."""
    for _ in range(5):
        proxy = start(config(listener(http_connect()), drain_timeout="20s"))
        connections = []
        for _ in range(100):
            connection = socket.create_connection(proxy.address(), 10)
            connection.sendall(client.connect_head(echo_server.address))
            connections.append(connection)
        proxy.send_signal(signal.SIGTERM)
        for connection in connections:
            head, _ = client.read_until(connection, b"\r\n\r\n")
            assert head.split(b" ")[1] in (b"200", b"503")
            connection.close()
        assert proxy.wait_for_end(20) == 0


def test_connections_that_wait_at_a_unix_socket_are_served(start, echo_server, tmp_path):
    settings = listener(http_connect())
    settings["address"] = f"unix:{tmp_path / 'proxy.sock'}"
    proxy = start(config(settings, drain_timeout="20s"))
    connections = [client.dial(proxy.address()) for _ in range(100)]
    for connection in connections:
        connection.sendall(client.connect_head(echo_server.address))
    proxy.send_signal(signal.SIGTERM)
    for connection in connections:
        head, _ = client.read_until(connection, b"\r\n\r\n")
        assert head.split(b" ")[1] in (b"200", b"503")
        connection.close()
    assert proxy.wait_for_end(20) == 0


def test_tunnel_that_is_asked_for_during_the_drain_gets_503(start, echo_server, dial):
    proxy = start(config(listener(http_connect()), drain_timeout="20s"))
    connection = dial(proxy.address())
    head = client.connect_head(echo_server.address)
    connection.sendall(head[:10])
    held = client.open_tunnel(proxy.address(), echo_server.address)
    proxy.send_signal(signal.SIGTERM)
    stops_listening(proxy)
    connection.sendall(head[10:])
    assert client.read_reply(connection).status == 503
    held.close()
    assert proxy.wait_for_end(20) == 0
