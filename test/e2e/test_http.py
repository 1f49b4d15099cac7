"""http: strict HTTP/1.1 (RFC 9112). What could smuggle a request is refused and the connection closed."""

import pytest

from harness import client
from harness.config import config, http_connect, listener
from harness.waiting import Stopwatch

GET = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
POST = "POST /metrics HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def with_http(start):
    """with_http(fields...) runs a listener with the codec tuned by these, `metrics` and `http_connect`."""
    def run(**fields):
        return start(config(listener({"http": fields}, {"metrics": {}}, http_connect())))
    return run


@pytest.fixture
def proxy(with_http):
    return with_http()


SMUGGLING = {
    "both lengths": f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths, other order": f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": f"{POST}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "the same length twice": f"{POST}Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
    "lengths in a list": f"{POST}Content-Length: 4, 4\r\n\r\nabcd",
    "plus sign": f"{POST}Content-Length: +4\r\n\r\nabcd",
    "minus sign": f"{POST}Content-Length: -4\r\n\r\nabcd",
    "hexadecimal length": f"{POST}Content-Length: 0x4\r\n\r\nabcd",
    "length with a space": f"{POST}Content-Length: 1 0\r\n\r\nabcd",
    "empty length": f"{POST}Content-Length:\r\n\r\nabcd",
    "length beyond 64 bits": f"{POST}Content-Length: 18446744073709551620\r\n\r\nabcd",
    "unknown coding": f"{POST}Transfer-Encoding: gzip\r\n\r\n",
    "chunked not last": f"{POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": f"{POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "coding in two lines": f"{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "coding with a control character": f"{POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "coding in quotes": f"{POST}Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
    "folded header": f"{GET}X-Folded: a\r\n b\r\n\r\n",
    "folded first header": "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n",
    "bare LF": "GET /metrics HTTP/1.1\nHost: localhost\n\n",
    "bare LF between headers": "GET /metrics HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n",
    "bare CR": f"{GET}X-A: b\rX-C: d\r\n\r\n",
    "space before the colon": f"{GET}X-A : b\r\n\r\n",
    "tab before the colon": f"{GET}X-A\t: b\r\n\r\n",
    "header without a colon": f"{GET}X-A\r\n\r\n",
    "header without a name": f"{GET}: b\r\n\r\n",
    "NUL in a value": f"{GET}X-A: b\0c\r\n\r\n",
    "control character in a value": f"{GET}X-A: b\x01c\r\n\r\n",
    "control character in a name": f"{GET}X-\x7fA: b\r\n\r\n",
    "NUL in the target": "GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no host": "GET /metrics HTTP/1.1\r\n\r\n",
    "two hosts": f"{GET}Host: localhost\r\n\r\n",
    "host with a path": "GET / HTTP/1.1\r\nHost: localhost/path\r\n\r\n",
    "absolute form against the host": "GET http://one.test/ HTTP/1.1\r\nHost: two.test\r\n\r\n",
    "two spaces in the request line": "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "space after the version": "GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n",
    "lower-case version": "GET / http/1.1\r\nHost: localhost\r\n\r\n",
    "long version": "GET / HTTP/1.10\r\nHost: localhost\r\n\r\n",
    "no version": "GET /\r\n\r\n",
    "method that is no token": "G@T / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "coding in HTTP/1.0": "POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("case", SMUGGLING)
def test_refused_with_400_and_closed(proxy, dial, case):
    connection = dial(proxy.address())
    # A request behind it must not be answered: its start is a matter of opinion.
    connection.sendall(SMUGGLING[case].encode("latin-1") + f"{GET}\r\n".encode())
    reply = client.read_reply(connection)
    assert reply.status in ((400, 501) if case == "unknown coding" else (400, 505) if "version" in case else (400,))
    assert reply.rest + client.read_to_any_end(connection) == b""
    assert proxy.wait_for_record(lambda record: record.status == reply.status).reason


CHUNKS = {
    "signed size": "+5\r\nabcde\r\n0\r\n\r\n",
    "size with 0x": "0x5\r\nabcde\r\n0\r\n\r\n",
    "size that is none": "xyz\r\nabcde\r\n0\r\n\r\n",
    "empty size": "\r\nabcde\r\n0\r\n\r\n",
    "size beyond 64 bits": "10000000000000005\r\nabcde\r\n0\r\n\r\n",
    "space before the size": " 5\r\nabcde\r\n0\r\n\r\n",
    "data longer than the size": "5\r\nabcdef\r\n0\r\n\r\n",
    "bare LF after the size": "5\nabcde\r\n0\r\n\r\n",
    "bare LF after the data": "5\r\nabcde\n0\r\n\r\n",
    "extension with a bare LF": "5;a\nb\r\nabcde\r\n0\r\n\r\n",
    "endless extension": "5;" + "a" * 70_000 + "\r\nabcde\r\n0\r\n\r\n",
    "folded trailer": "0\r\nX-A: b\r\n c\r\n\r\n",
}


@pytest.mark.parametrize("case", CHUNKS)
def test_bad_chunks_end_the_connection(proxy, dial, case):
    connection = dial(proxy.address())
    connection.sendall(f"{POST}Transfer-Encoding: chunked\r\n\r\n{CHUNKS[case]}{GET}\r\n".encode())
    received = client.read_to_any_end(connection)
    # The POST itself may have been answered before its body was read; the GET behind it never is.
    assert received.count(b"HTTP/1.1 ") <= 1
    assert b"HTTP/1.1 200" not in received


def test_requests_follow_one_another_on_a_connection(proxy, dial):
    connection = dial(proxy.address())
    for _ in range(3):
        connection.sendall(f"{GET}\r\n".encode())
        assert client.read_reply(connection).status == 200


def test_pipelined_requests_are_answered_in_order(proxy, dial):
    connection = dial(proxy.address())
    one, two = f"{GET}\r\n", GET.replace("/metrics", "/nothing") + "\r\n"
    connection.sendall((one + two + one + two).encode())
    before, seen = b"", []
    for _ in range(4):
        reply = client.read_reply(connection, before)
        before = reply.rest
        seen.append(reply.status)
    assert seen == [200, 404, 200, 404]


def test_connect_may_follow_another_request(proxy, echo_server, dial):
    connection = dial(proxy.address())
    connection.sendall(f"{GET}\r\n".encode() + client.connect_head(echo_server.address) + b"early")
    reply = client.read_reply(connection)
    head, rest = client.read_until(connection, b"\r\n\r\n", reply.rest)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert rest + client.read_exactly(connection, 5 - len(rest)) == b"early"


@pytest.mark.parametrize("coding", [
    "Content-Length: 5\r\n\r\nabcde", "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
], ids=["length", "chunked"])
def test_body_that_nobody_wants_does_not_become_a_request(proxy, dial, coding):
    connection = dial(proxy.address())
    connection.sendall(f"{POST}{coding}{GET}\r\n".encode())
    first = client.read_reply(connection)
    assert first.status in (404, 405)
    assert client.read_reply(connection, first.rest).status == 200


def test_connection_close_is_honoured(proxy, dial):
    connection = dial(proxy.address())
    connection.sendall(f"{GET}Connection: close\r\n\r\n{GET}\r\n".encode())
    reply = client.read_reply(connection)
    assert reply.header("Connection").lower() == "close"
    assert reply.rest + client.read_to_any_end(connection) == b""


def test_http_1_0_closes_unless_asked(proxy, dial):
    connection = dial(proxy.address())
    connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
    reply = client.read_reply(connection)
    assert reply.status == 200
    assert client.read_to_end(connection) == b""


def test_connect_with_http_1_0(proxy, echo_server, dial):
    connection = dial(proxy.address())
    connection.sendall(f"CONNECT {echo_server.address} HTTP/1.0\r\n\r\n".encode())
    assert b" 200 " in client.read_until(connection, b"\r\n\r\n")[0].split(b"\r\n")[0]
    client.assert_echoes(connection)


def test_expectation_of_100_does_not_hang(proxy, dial):
    connection = dial(proxy.address())
    connection.sendall(f"{POST}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n".encode())
    reply = client.read_reply(connection)
    if reply.status == 100:
        connection.sendall(b"abcde")
        reply = client.read_reply(connection, reply.rest)
    assert reply.status in (404, 405)


def test_head_that_is_too_large_gets_431(with_http):
    proxy = with_http(max_head_size=4096)
    assert client.exchange(proxy.address(), f"{GET}X-A: {'a' * 5000}\r\n\r\n".encode()).status == 431


def test_target_that_is_too_long_gets_414(with_http):
    proxy = with_http(max_head_size=4096)
    request = f"GET /{'a' * 5000} HTTP/1.1\r\nHost: a\r\n\r\n"
    assert client.exchange(proxy.address(), request.encode()).status in (414, 431)


def test_too_many_headers_get_431(with_http):
    proxy = with_http(max_headers=10)
    headers = "".join(f"X-{number}: a\r\n" for number in range(20))
    assert client.exchange(proxy.address(), f"{GET}{headers}\r\n".encode()).status == 431


def test_head_that_does_not_come_is_ended(with_http, dial):
    proxy = with_http(request_head_timeout="0.5s")
    watch = Stopwatch()
    connection = dial(proxy.address())
    connection.sendall(GET.encode())
    received = client.read_to_end(connection)
    assert received == b"" or received.startswith(b"HTTP/1.1 408 ")
    assert 0.3 < watch.seconds < 5
    assert proxy.wait_for_record().timed_out


def test_connection_without_a_next_request_is_ended(with_http, dial):
    proxy = with_http(idle_timeout="0.5s")
    connection = dial(proxy.address())
    connection.sendall(f"{GET}\r\n".encode())
    assert client.read_reply(connection).status == 200
    watch = Stopwatch()
    assert client.is_closed(connection)
    assert 0.3 < watch.seconds < 5
