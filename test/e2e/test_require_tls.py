"""http_connect with require_tls and require_matching_server_name."""

import pytest

from harness import client
from harness.config import config, http_connect, listener
from harness.tls import bytewise, client_hello, in_records
from harness.waiting import Stopwatch


@pytest.fixture
def destination(serve):
    """A server that keeps what it is sent."""
    def keep(connection):
        while data := connection.recv(65536):
            server.received += data
            connection.sendall(data)

    server = serve(keep)
    server.received = b""
    return server


@pytest.fixture
def tls_only(start, dns):
    def run(**fields):
        return start(config(
            listener(http_connect(client_hello_timeout="0.5s", **fields)), resolver={"servers": [dns.address]}))
    return run


def is_cut(connection):
    assert client.read_to_any_end(connection) == b""
    return True


@pytest.mark.parametrize("cut", [lambda hello: [hello], bytewise, in_records(10)], ids=["whole", "bytewise", "records"])
def test_tls_goes_through(tls_only, destination, tunnel, cut):
    connection = tunnel(tls_only(require_tls=True).address(), destination.address)
    pieces = cut(client_hello("any.test"))
    for piece in pieces:
        connection.sendall(piece)
    sent = b"".join(pieces)
    assert client.read_exactly(connection, len(sent)) == sent


@pytest.mark.parametrize("first", [
    b"SSH-2.0-OpenSSH\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x80",
], ids=["ssh", "http", "broken hello", "one byte"])
def test_other_protocols_are_cut_and_logged(tls_only, destination, tunnel, first):
    proxy = tls_only(require_tls=True)
    connection = tunnel(proxy.address(), destination.address)
    connection.sendall(first)
    assert is_cut(connection)
    record = proxy.wait_for_record(lambda record: record.method == "CONNECT")
    assert record.ended_by == "http_connect" and "tls" in (record.reason + (record.details or "")).lower()
    assert destination.received == b"", "not a byte got through"


def test_early_bytes_are_checked_as_well(tls_only, destination, dial):
    proxy = tls_only(require_tls=True)
    connection = dial(proxy.address())
    connection.sendall(client.connect_head(destination.address) + b"SSH-2.0-OpenSSH\r\n")
    assert b"SSH" not in client.read_to_any_end(connection)
    assert destination.received == b""


def test_client_that_says_nothing_is_cut_in_time(tls_only, destination, tunnel):
    connection = tunnel(tls_only(require_tls=True).address(), destination.address)
    watch = Stopwatch()
    assert is_cut(connection)
    assert 0.3 < watch.seconds < 5


@pytest.mark.parametrize("host, server_name, passes", [
    ("site.test", "site.test", True), ("SITE.test", "site.TEST", True), ("site.test", "other.test", False),
    ("site.test", None, False), ("site.test", "a.site.test", False),
])
def test_server_name_must_be_the_host(tls_only, destination, dns, tunnel, host, server_name, passes):
    dns.add("site.test", "127.0.0.1")
    proxy = tls_only(require_matching_server_name=True)
    connection = tunnel(proxy.address(), f"{host}:{destination.port}")
    hello = client_hello(server_name)
    connection.sendall(hello)
    if passes:
        assert client.read_exactly(connection, len(hello)) == hello
    else:
        assert is_cut(connection)
        assert destination.received == b""
        record = proxy.wait_for_record(lambda record: record.method == "CONNECT")
        assert "server_name" in record.reason + (record.details or "") or "server name" in (record.details or "")


def test_matching_server_name_implies_tls(tls_only, destination, tunnel):
    connection = tunnel(tls_only(require_matching_server_name=True).address(), destination.address)
    connection.sendall(b"SSH-2.0-OpenSSH\r\n")
    assert is_cut(connection)
