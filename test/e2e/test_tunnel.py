"""The tunnel itself: every byte, both ends, both ways."""

import queue
import socket
import ssl
import threading

import pytest

from harness import client
from harness.config import cluster, config, http_connect, listener, tls_terminate
from harness.servers import echo, greeter, reset, sink, source
from harness.waiting import Stopwatch


def test_bytes_come_back(any_proxy, echo_server, tunnel):
    client.assert_echoes(tunnel(any_proxy.address(), echo_server.address, tls=any_proxy.tls), bytes(range(256)) * 2000)


def test_answer_is_200_without_body_framing(any_proxy, echo_server, dial):
    connection = dial(any_proxy.address(), any_proxy.tls)
    connection.sendall(client.connect_head(echo_server.address))
    head, rest = client.read_until(connection, b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"content-length" not in head.lower() and b"transfer-encoding" not in head.lower()
    assert rest == b""


def test_server_may_speak_first(any_proxy, serve, dial):
    server = serve(greeter(b"220 ready\r\n"))
    connection = dial(any_proxy.address(), any_proxy.tls)
    connection.sendall(client.connect_head(server.address))
    _, rest = client.read_until(connection, b"\r\n\r\n")
    assert rest + client.read_exactly(connection, 11 - len(rest)) == b"220 ready\r\n"


def test_bytes_sent_before_the_answer_are_delivered(any_proxy, echo_server, dial):
    early = b"early bytes " * 5000
    connection = dial(any_proxy.address(), any_proxy.tls)
    connection.sendall(client.connect_head(echo_server.address) + early)
    head, rest = client.read_until(connection, b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert rest + client.read_exactly(connection, len(early) - len(rest)) == early
    client.assert_echoes(connection, b"and later ones")


def test_head_in_single_bytes_is_understood(plain_proxy, echo_server, dial):
    connection = dial(plain_proxy.address())
    for byte in client.connect_head(echo_server.address):
        connection.sendall(bytes([byte]))
    assert client.read_until(connection, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 ")
    client.assert_echoes(connection)


def test_client_may_end_its_direction_and_still_read(plain_proxy, serve, tunnel):
    connection = tunnel(plain_proxy.address(), serve(sink).address)
    connection.sendall(b"x" * 300_000)
    connection.shutdown(socket.SHUT_WR)
    assert client.read_to_end(connection).startswith(b"300000 ")


def test_server_may_end_its_direction_and_still_read(plain_proxy, serve):
    received = queue.Queue()

    def half_closing(connection):
        connection.sendall(b"bye")
        connection.shutdown(socket.SHUT_WR)
        received.put(client.read_to_end(connection))

    server = serve(half_closing)
    connection, reply = client.connect(plain_proxy.address(), server.address)
    assert reply.status == 200
    assert reply.rest + client.read_to_end(connection) == b"bye"
    connection.sendall(b"still here")
    connection.close()
    assert received.get(timeout=10) == b"still here"


def test_server_end_reaches_a_tls_client_as_a_clean_end(secure_proxy, serve, trust):
    server = serve(source(lambda: [b"all of it"]))
    connection, reply = client.connect(secure_proxy.address(), server.address, tls=trust)
    with connection:
        # Python raises an error for an end without close_notify.
        assert reply.rest + client.read_to_end(connection) == b"all of it"


def test_reset_of_the_server_ends_the_tunnel(any_proxy, serve, tunnel):
    connection = tunnel(any_proxy.address(), serve(reset).address, tls=any_proxy.tls)
    connection.sendall(b"x")
    assert client.is_closed(connection)


def test_reset_of_the_client_ends_the_tunnel(any_proxy, serve):
    ended = threading.Event()

    def waiting(connection):
        client.is_closed(connection)
        ended.set()

    server = serve(waiting)
    client.send_reset(client.open_tunnel(any_proxy.address(), server.address, tls=any_proxy.tls))
    assert ended.wait(10)
    any_proxy.wait_for_record(lambda record: record.destination == server.address)


def test_ipv6_destination_and_listener(start, serve, tunnel):
    server = serve(echo, host="::1")
    proxy = start(config(listener(http_connect(), host="::1")))
    client.assert_echoes(tunnel(proxy.address(), server.address))


def test_unix_socket_listener(start, echo_server, tunnel, tmp_path):
    path = tmp_path / "proxy.sock"
    settings = listener(http_connect())
    settings["address"] = f"unix:{path}"
    proxy = start(config(settings))
    client.assert_echoes(tunnel(proxy.address(), echo_server.address))


def test_unix_socket_that_a_dead_process_left_is_replaced(start, echo_server, tunnel, tmp_path):
    path = tmp_path / "proxy.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    settings = listener(http_connect())
    settings["address"] = f"unix:{path}"
    proxy = start(config(settings))
    proxy.wait_for_log("ready")
    client.assert_echoes(tunnel(proxy.address(), echo_server.address))
    assert proxy.stop() == 0
    assert not path.exists()


def test_localhost_is_resolved_without_a_name_server(plain_proxy, echo_server, tunnel):
    client.assert_echoes(tunnel(plain_proxy.address(), f"localhost:{echo_server.port}"))


def test_idle_tunnel_is_closed(start, echo_server, tunnel):
    proxy = start(config(listener(http_connect(idle_timeout="0.5s"))))
    connection = tunnel(proxy.address(), echo_server.address)
    client.assert_echoes(connection)
    watch = Stopwatch()
    assert client.is_closed(connection)
    assert 0.3 < watch.seconds < 5
    assert "idle" in proxy.wait_for_record().reason


def test_bytes_one_way_keep_a_tunnel_from_being_idle(start, serve):
    def every_tenth_of_a_second(connection):
        connection.settimeout(0.1)
        for _ in range(20):
            connection.sendall(b".")
            try:
                connection.recv(1)
            except TimeoutError:
                pass

    proxy = start(config(listener(http_connect(idle_timeout="1s"))))
    connection, reply = client.connect(proxy.address(), serve(every_tenth_of_a_second).address)
    with connection:
        assert reply.rest + client.read_to_end(connection) == b"." * 20


@pytest.mark.parametrize("secure", [False, True])
def test_tunnel_does_not_outlive_max_lifetime(start, echo_server, tunnel, localhost, trust, secure):
    filters = [tls_terminate(localhost)] if secure else []
    proxy = start(config(listener(*filters, http_connect(max_lifetime="1s"))))
    connection = tunnel(proxy.address(), echo_server.address, tls=trust if secure else None)
    connection.settimeout(0.05)
    watch = Stopwatch()
    with pytest.raises((EOFError, ConnectionError, ssl.SSLEOFError)):
        while watch.seconds < 10:
            connection.sendall(b"x")
            try:
                if not connection.recv(100):
                    raise EOFError
            except TimeoutError:
                pass
    assert 0.5 < watch.seconds < 5
    assert "lifetime" in proxy.wait_for_record().reason


def test_tunnel_through_a_cluster_dials_its_endpoints(start, serve):
    server = serve(greeter(b"I am the endpoint"))
    proxy = start(config(
        listener(http_connect({"rules": [{"allow": {"hosts": ["anything.test"]}}]}, cluster="inside")),
        clusters=[cluster("inside", server.address)],
    ))
    connection, reply = client.connect(proxy.address(), "anything.test:443")
    with connection:
        assert reply.status == 200
        wanted = b"I am the endpoint"
        assert reply.rest + client.read_exactly(connection, len(wanted) - len(reply.rest)) == wanted
