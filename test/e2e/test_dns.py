"""Name resolution: what is asked, for how long it is remembered, and races between addresses (RFC 8305)."""

import pytest

from harness import client
from harness.config import config, http_connect, listener
from harness.servers import BlackHole, echo, greeter
from harness.waiting import Stopwatch, eventually


@pytest.fixture
def proxy(start, dns):
    """One worker, so that there is one cache."""
    return start(config(listener(http_connect(connect_timeout="5s")), workers=1,
                        resolver={"servers": [dns.address], "negative_ttl": "1s"}))


def status(proxy, authority):
    connection, reply = client.connect(proxy.address(), authority)
    connection.close()
    return reply.status


def test_ipv4_only_and_ipv6_only_names(proxy, dns, serve):
    four, six = serve(echo), serve(echo, host="::1")
    dns.add("four.test", "127.0.0.1")
    dns.add("six.test", "::1")
    assert status(proxy, f"four.test:{four.port}") == 200
    assert status(proxy, f"six.test:{six.port}") == 200


def test_ipv6_is_tried_first(proxy, dns, serve):
    six = serve(greeter(b"six\n"), host="::1")
    serve(greeter(b"four\n"), port=six.port)
    dns.add("both.test", "127.0.0.1", "::1")
    connection, reply = client.connect(proxy.address(), f"both.test:{six.port}")
    with connection:
        assert client.read_until(connection, b"\n", reply.rest)[0] == b"six\n"


def test_ipv4_is_used_where_ipv6_refuses(proxy, dns, echo_server):
    dns.add("both.test", "127.0.0.1", "::1")
    assert status(proxy, f"both.test:{echo_server.port}") == 200


def test_address_that_does_not_answer_does_not_hold_up_the_next(proxy, dns, black_hole, serve):
    # 127.0.0.2 and 127.0.0.1 share the port: the first never answers.
    serve(echo, host="127.0.0.2", port=black_hole.port)
    dns.add("slow.test", "127.0.0.1", "127.0.0.2")
    watch = Stopwatch()
    assert status(proxy, f"slow.test:{black_hole.port}") == 200
    assert watch.seconds < 2, "well before the connect time-out of 5 s"


def test_ipv6_that_leads_nowhere_does_not_hold_up_ipv4(proxy, dns, serve, cleanup):
    hole = BlackHole("::1")
    cleanup.callback(hole.close)
    serve(echo, port=hole.port)
    dns.add("nowhere.test", "127.0.0.1", "::1")
    watch = Stopwatch()
    assert status(proxy, f"nowhere.test:{hole.port}") == 200
    assert 0.1 < watch.seconds < 2, "IPv6 has a head start, and no more (RFC 8305: 250 ms)"


def test_silent_aaaa_does_not_hold_up_the_a(start, dns, echo_server):
    dns.add("half.test", "127.0.0.1")
    dns.silent_types.add(("half.test", "AAAA"))
    proxy = start(config(listener(http_connect(connect_timeout="5s")),
                         resolver={"servers": [dns.address], "query_timeout": "10s"}))
    watch = Stopwatch()
    assert status(proxy, f"half.test:{echo_server.port}") == 200
    assert watch.seconds < 2, "RFC 8305 waits 50 ms for it"


def test_answer_is_remembered_for_its_ttl(proxy, dns, echo_server):
    dns.add("kept.test", "127.0.0.1", ttl=60)
    for _ in range(5):
        assert status(proxy, f"kept.test:{echo_server.port}") == 200
    assert dns.count("kept.test") == 1


def test_answer_is_asked_for_again_after_its_ttl(proxy, dns, echo_server):
    dns.add("short.test", "127.0.0.1", ttl=1)
    assert status(proxy, f"short.test:{echo_server.port}") == 200
    dns.add("short.test", "10.0.0.1", ttl=1)
    eventually(lambda: status(proxy, f"short.test:{echo_server.port}") == 403, what="the new address")


def test_absence_is_remembered_as_long_as_the_zone_says(proxy, dns):
    dns.negative_ttl = 60
    for _ in range(5):
        assert status(proxy, "absent.test:443") == 502
    assert dns.count("absent.test") == 1


def test_name_that_appears_is_found_after_the_negative_ttl(proxy, dns, echo_server):
    dns.negative_ttl = 1
    assert status(proxy, f"new.test:{echo_server.port}") == 502
    dns.add("new.test", "127.0.0.1")
    eventually(lambda: status(proxy, f"new.test:{echo_server.port}") == 200, what="the new name")


def test_clients_that_ask_at_once_share_a_query(proxy, dns, echo_server):
    dns.add("popular.test", "127.0.0.1")
    connections = [client.dial(proxy.address()) for _ in range(20)]
    for connection in connections:
        connection.sendall(client.connect_head(f"popular.test:{echo_server.port}"))
    for connection in connections:
        assert client.read_until(connection, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 ")
        connection.close()
    assert dns.count("popular.test") == 1


def test_resolved_address_is_in_the_access_log(proxy, dns, echo_server):
    dns.add("logged.test", "127.0.0.1")
    assert status(proxy, f"logged.test:{echo_server.port}") == 200
    record = proxy.wait_for_record(lambda record: record.status == 200)
    assert record.destination == f"logged.test:{echo_server.port}"
    assert record.resolved_address == echo_server.address
    assert record.dns_ms is not None and record.connect_ms is not None
