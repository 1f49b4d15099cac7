"""What a CONNECT client sees when there is no tunnel: a status, Proxy-Status (RFC 9209) and one line of text."""

import re

import pytest

from harness import client
from harness.config import auth, config, http_connect, listener, users


@pytest.fixture
def proxy(start, dns):
    policy = {"rules": [
        {"deny": {"hosts": ["forbidden.test"]}},
        {"allow": {"networks": ["127.0.0.0/8", "::1/128"]}},
    ]}
    return start(config(
        listener(http_connect(policy, connect_timeout="0.5s")),
        resolver={"servers": [dns.address], "query_timeout": "5s", "tries": 1},
    ))


def assert_error(reply, status, error_type):
    """The reply has the status, that error type in Proxy-Status, and a body of one line."""
    assert reply.status == status
    proxy_status = reply.header("Proxy-Status")
    assert re.search(rf";\s*error=({error_type})\b", proxy_status or ""), proxy_status
    assert reply.header("Content-Type").startswith("text/plain")
    assert reply.body.count(b"\n") == 1 and reply.body.endswith(b"\n") and len(reply.body) > 5, reply.body


def test_denied_host_is_403(proxy, dns):
    dns.add("forbidden.test", "127.0.0.1")
    reply = client.refused_tunnel(proxy.address(), "forbidden.test:443")
    assert_error(reply, 403, "http_request_denied")
    assert dns.count("forbidden.test") == 0, "a name that the policy denies is not even resolved"


def test_denied_address_is_403(proxy):
    assert_error(client.refused_tunnel(proxy.address(), "192.0.2.1:443"), 403,
                 "destination_ip_prohibited|http_request_denied")


def test_name_of_a_denied_address_is_403(proxy, dns):
    dns.add("inside.test", "10.1.2.3")
    assert_error(client.refused_tunnel(proxy.address(), "inside.test:443"), 403, "destination_ip_prohibited")


def test_closed_port_is_502(proxy, free_port):
    assert_error(client.refused_tunnel(proxy.address(), f"127.0.0.1:{free_port}"), 502, "connection_refused")


def test_unknown_name_is_502(proxy):
    assert_error(client.refused_tunnel(proxy.address(), "does-not-exist.invalid:443"), 502, "dns_error")


def test_failing_name_server_is_502(proxy, dns):
    dns.add_failing("broken.test")
    assert_error(client.refused_tunnel(proxy.address(), "broken.test:443"), 502, "dns_error")


def test_silent_destination_is_504(proxy, black_hole):
    assert_error(client.refused_tunnel(proxy.address(), f"127.0.0.1:{black_hole.port}"), 504, "connection_timeout")


def test_silent_name_server_is_504(proxy, dns):
    dns.add_silent("slow.test")
    assert_error(client.refused_tunnel(proxy.address(), "slow.test:443"), 504, "dns_timeout|connection_timeout")


def test_no_credentials_is_407(start):
    proxy = start(config(listener(auth(realm="the realm"), http_connect()), identity_providers=[users("a:b")]))
    reply = client.refused_tunnel(proxy.address(), "127.0.0.1:443")
    assert_error(reply, 407, "http_request_denied")
    assert re.match(r'Basic realm="the realm"', reply.header("Proxy-Authenticate"))


@pytest.mark.parametrize("authority", [
    "example.test", "example.test:", ":443", "example.test:0", "example.test:65536", "example.test:4x", "a b:443",
    "[::1:443", "::1:443", "[fe80::1%25eth0]:443", "user@example.test:443", "example.test:443/",
    "http://example.test:443",
    "exa\tmple.test:443", "[127.0.0.1]:443", "127.0.0.1:443x",
])
def test_malformed_destination_is_400(proxy, authority):
    request = f"CONNECT {authority} HTTP/1.1\r\nHost: example.test\r\n\r\n".encode()
    assert client.exchange(proxy.address(), request).status == 400


@pytest.mark.parametrize("host", ["..", ".test", "a..test", "a" * 64 + ".test", "a." * 150 + "test"])
def test_name_that_no_host_can_have_is_refused(proxy, host):
    assert client.refused_tunnel(proxy.address(), f"{host}:443").status in (400, 502)


def test_request_that_no_filter_claims_is_404(proxy):
    reply = client.exchange(proxy.address(), b"GET / HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n")
    assert reply.status == 404


def test_errors_keep_the_connection_for_the_next_request(proxy, echo_server, free_port, dial):
    connection = dial(proxy.address())
    connection.sendall(client.connect_head(f"127.0.0.1:{free_port}"))
    assert client.read_reply(connection).status == 502
    connection.sendall(client.connect_head(echo_server.address))
    assert client.read_until(connection, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 ")
    client.assert_echoes(connection)


@pytest.mark.parametrize("request_text, status", [
    ("CONNECT example.test HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n", 400),
    ("GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
    ("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 405),
    (f"GET /{'a' * 5000} HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    (f"GET / HTTP/1.1\r\nHost: a\r\nX: {'a' * 5000}\r\n\r\n", 431),
], ids=["CONNECT without a port", "field name", "not claimed", "method", "target", "head"])
def test_what_is_wrong_with_a_request_has_a_proxy_status_as_well(start, request_text, status):
    proxy = start(config(listener({"http": {"max_head_size": 4096}}, {"metrics": {}}, http_connect())))
    assert_error(client.exchange(proxy.address(), request_text.encode()), status, "http_request_error|http_request_denied")
