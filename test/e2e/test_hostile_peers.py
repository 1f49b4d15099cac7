"""Peers that mean harm: they end in bounded time and memory, with a reason; the others do not notice."""

import contextlib
import os
import socket
import ssl
import threading

import pytest

from harness import client
from harness.config import config, http_connect, listener, tls_terminate
from harness.servers import hold, reset
from harness.tls import client_hello
from harness.waiting import Stopwatch, eventually

MEBIBYTE = 1 << 20


@pytest.fixture
def proxy(start, localhost):
    """One worker with short limits: `plain` and `secure` lead to loopback."""
    http = {"http": {"request_head_timeout": "1s", "idle_timeout": "1s", "max_head_size": 65536}}
    connect = http_connect(connect_timeout="1s", idle_timeout="2s")
    return start(config(
        listener(http, connect, name="plain"),
        listener(tls_terminate(localhost, handshake_timeout="1s"), http, connect, name="secure"), workers=1))


@pytest.fixture(autouse=True)
def others_do_not_notice(proxy, echo_server, trust):
    """A tunnel that is open all the time, and a new client afterwards, work; memory and files stay bounded."""
    files = proxy.open_files()
    stop = threading.Event()
    slowest = []
    bystander = client.open_tunnel(proxy.address("secure"), echo_server.address, tls=trust)

    def use():
        while not stop.is_set():
            watch = Stopwatch()
            client.assert_echoes(bystander)
            slowest[:] = [max(slowest + [watch.seconds])]
            stop.wait(0.05)

    user = threading.Thread(target=use)
    user.start()
    before = proxy.memory()
    yield
    stop.set()
    user.join(20)
    assert not user.is_alive() and slowest[0] < 1, f"the bystander waited {slowest} s"
    bystander.close()
    for name, tls in (("plain", None), ("secure", trust)):
        with client.open_tunnel(proxy.address(name), echo_server.address, tls=tls) as connection:
            client.assert_echoes(connection)
    assert proxy.memory("VmHWM") - before < 64 * MEBIBYTE
    eventually(lambda: proxy.open_files() <= files + 5, 15, "its files to be closed")


def send_until_refused(connection, chunks):
    """Sends until the peer has had enough; returns how much went out."""
    sent = 0
    with contextlib.suppress(ConnectionError, TimeoutError, ssl.SSLError):
        for chunk in chunks:
            connection.sendall(chunk)
            sent += len(chunk)
    return sent


def ended_within(connection, seconds):
    connection.settimeout(seconds)
    return client.is_closed(connection)


@pytest.mark.parametrize("name", ["plain", "secure"])
def test_random_bytes(proxy, dial, name):
    for _ in range(50):
        connection = dial(proxy.address(name))
        send_until_refused(connection, [os.urandom(2000)])
        assert ended_within(connection, 5)
    eventually(lambda: len([record for record in proxy.records() if record.listener == name]) >= 50)
    assert all(record.reason for record in proxy.records())


def test_half_a_hello(proxy, dial):
    connection = dial(proxy.address("secure"))
    connection.sendall(client_hello("localhost")[:100])
    assert ended_within(connection, 5)
    record = proxy.wait_for_record()
    assert record.timed_out and record.ended_by == "tls_terminate"


def test_hello_with_lengths_that_lie(proxy, dial):
    hello = bytearray(client_hello("localhost"))
    hello[6:9] = b"\xff\xff\xff"
    connection = dial(proxy.address("secure"))
    send_until_refused(connection, [bytes(hello)] * 200)
    assert ended_within(connection, 5)


@pytest.mark.parametrize("name", ["plain", "secure"])
def test_nothing_at_all(proxy, dial, name):
    connection = dial(proxy.address(name))
    assert ended_within(connection, 5)
    assert proxy.wait_for_record().timed_out


@pytest.mark.parametrize("secure", [False, True])
def test_header_in_trickles(proxy, dial, trust, secure):
    """Each byte is on time, the whole is not: the limit counts from the start."""
    connection = dial(proxy.address("secure" if secure else "plain"), trust if secure else None)
    connection.settimeout(0.1)
    watch = Stopwatch()
    with pytest.raises((ConnectionError, EOFError, ssl.SSLError)):
        for byte in b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"a" * 1000:
            connection.sendall(bytes([byte]))
            try:
                if connection.recv(4096) == b"":
                    raise EOFError
            except TimeoutError:
                pass
    assert watch.seconds < 5
    assert proxy.wait_for_record().timed_out


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ", b"GET /", b"",
                                   b"GET / HTTP/1.1\r\nHost: localhost\r\n"],
                         ids=["value", "target", "method", "headers"])
def test_gigabyte_of_header(proxy, dial, first):
    connection = dial(proxy.address("plain"))
    connection.settimeout(5)
    piece = b"X-Many: headers\r\n" * 4096 if first.endswith(b"\r\n") else b"a" * 65536
    connection.sendall(first)
    sent = send_until_refused(connection, (piece for _ in range(16384)))
    assert sent < 64 * MEBIBYTE, "nothing but the kernel's buffers take it"
    assert ended_within(connection, 5)
    assert proxy.wait_for_record().status in (400, 414, 431)


def test_endless_body(proxy, dial):
    connection = dial(proxy.address("plain"))
    connection.settimeout(5)
    connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n")
    assert send_until_refused(connection, (b"a" * 65536 for _ in range(16384))) < 64 * MEBIBYTE
    assert ended_within(connection, 5)


def test_endless_requests_without_reading_the_answers(proxy, dial):
    connection = dial(proxy.address("plain"))
    connection.settimeout(1)
    request = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000
    assert send_until_refused(connection, (request for _ in range(5000))) < 64 * MEBIBYTE
    connection.close()


def reset_phases(echo_address, hello):
    """What a client has sent when it resets."""
    head = client.connect_head(echo_address)
    return {
        "at once": b"", "within the hello": hello[:40], "after the hello": hello, "within the head": head[:20],
        "after the head": head, "after early bytes": head + b"x" * 100_000,
    }


@pytest.mark.parametrize("phase", reset_phases("", b""))
@pytest.mark.parametrize("name", ["plain", "secure"])
def test_reset_in_each_phase(proxy, echo_server, phase, name):
    data = reset_phases(echo_server.address, client_hello("localhost"))[phase]
    for _ in range(20):
        connection = client.dial(proxy.address(name))
        connection.sendall(data)
        client.send_reset(connection)
    eventually(lambda: len([record for record in proxy.records() if record.listener == name]) >= 20)
    assert all(record.reason for record in proxy.records())


def test_reset_in_an_open_tunnel(proxy, echo_server):
    for _ in range(20):
        connection = client.open_tunnel(proxy.address("plain"), echo_server.address)
        connection.sendall(b"x" * 100_000)
        client.send_reset(connection)
    eventually(lambda: len(proxy.records()) >= 20)


def test_reset_while_the_connect_is_under_way(proxy, black_hole):
    for _ in range(20):
        connection = client.dial(proxy.address("plain"))
        connection.sendall(client.connect_head(f"127.0.0.1:{black_hole.port}"))
        client.send_reset(connection)
    eventually(lambda: len(proxy.records()) >= 20)


def test_destinations_that_reset(proxy, serve):
    server = serve(reset)
    for _ in range(20):
        with client.open_tunnel(proxy.address("plain"), server.address) as connection:
            connection.sendall(b"x")
            assert ended_within(connection, 5)
    eventually(lambda: len(proxy.records()) >= 20)


@pytest.mark.parametrize("name", ["plain", "secure"])
def test_client_that_never_reads(proxy, serve, trust, dial, name):
    """The destination sends without end; the idle limit ends the tunnel that does not move."""
    def flood(connection):
        connection.settimeout(20)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x" * 65536)

    server = serve(flood)
    connection = dial(proxy.address(name), trust if name == "secure" else None)
    connection.sendall(client.connect_head(server.address))
    record = proxy.wait_for_record(lambda record: record.destination == server.address, 15)
    assert record.timed_out
    assert record.upstream_bytes_received < 64 * MEBIBYTE


def test_destination_that_never_reads(proxy, serve, tunnel):
    connection = tunnel(proxy.address("plain"), serve(hold).address)
    connection.settimeout(10)
    assert send_until_refused(connection, (b"x" * 65536 for _ in range(16384))) < 64 * MEBIBYTE
    assert proxy.wait_for_record().reason


def test_many_silent_connections(proxy, cleanup):
    for _ in range(500):
        cleanup.enter_context(contextlib.closing(client.dial(proxy.address("secure"))))
    eventually(lambda: len(proxy.records()) >= 500, 15, "the end of all of them")


def test_half_closed_before_anything(proxy, dial):
    for name in ("plain", "secure"):
        connection = dial(proxy.address(name))
        connection.shutdown(socket.SHUT_WR)
        assert ended_within(connection, 5)
