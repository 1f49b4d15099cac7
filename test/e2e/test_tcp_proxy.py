"""tcp_proxy and its clusters: endpoints, balance, the next endpoint, ejection."""

import collections

import pytest

from harness import client, ports
from harness.config import cluster, config, listener
from harness.servers import BlackHole, echo, greeter, sink
from harness.waiting import Stopwatch, eventually


@pytest.fixture
def forward(start):
    """forward(addresses, fields...) runs tcp_proxy in front of them, with one worker."""
    def run(*addresses, resolver=None, tcp_proxy=None, **fields):
        return start(config(
            listener({"tcp_proxy": {"cluster": "backend", **(tcp_proxy or {})}}),
            clusters=[cluster("backend", *addresses, **fields)], workers=1,
            **({"resolver": resolver} if resolver else {})))
    return run


@pytest.fixture
def named(serve):
    """named(name) is a server that says its name."""
    return lambda name, **options: serve(greeter(name.encode() + b"\n"), **options)


def greeting(connection):
    return client.read_until(connection, b"\n")[0].decode().strip()


def ask(proxy):
    with client.dial(proxy.address()) as connection:
        return greeting(connection)


def test_bytes_go_through(forward, echo_server, dial):
    client.assert_echoes(dial(forward(echo_server.address).address()), b"x" * 1_000_000)


def test_half_close_goes_through(forward, serve, dial):
    connection = dial(forward(serve(sink).address).address())
    connection.sendall(b"x" * 1000)
    connection.shutdown(1)
    assert client.read_to_end(connection).startswith(b"1000 ")


def test_round_robin_spreads_evenly(forward, named):
    proxy = forward(*(named(name).address for name in "abc"))
    assert collections.Counter(ask(proxy) for _ in range(30)) == {"a": 10, "b": 10, "c": 10}


def test_least_connections_avoids_the_busy_endpoint(forward, named, dial):
    proxy = forward(named("a").address, named("b").address, load_balancing="LEAST_CONNECTIONS")
    busy = [dial(proxy.address()) for _ in range(10)]
    by_name = collections.defaultdict(list)
    for connection in busy:
        by_name[greeting(connection)].append(connection)
    assert {name: len(connections) for name, connections in by_name.items()} == {"a": 5, "b": 5}
    for connection in by_name["a"]:
        connection.close()
    eventually(lambda: len(proxy.records()) == 5, what="the end of the connections to a")
    assert [greeting(dial(proxy.address())) for _ in range(5)] == ["a"] * 5


def test_next_endpoint_is_tried_when_one_refuses(forward, named, free_port):
    proxy = forward(f"127.0.0.1:{free_port}", named("alive").address)
    assert [ask(proxy) for _ in range(6)] == ["alive"] * 6


def test_next_endpoint_is_tried_when_one_does_not_answer(forward, named, black_hole):
    proxy = forward(f"127.0.0.1:{black_hole.port}", named("alive").address, connect_timeout="0.3s")
    watch = Stopwatch()
    assert [ask(proxy) for _ in range(2)] == ["alive"] * 2
    assert watch.seconds < 5


def is_turned_away(proxy):
    """Whether a connection ends without a byte; its reset may come before connect() has returned."""
    try:
        with client.dial(proxy.address()) as connection:
            return client.read_to_any_end(connection) == b""
    except ConnectionResetError:
        return True


def test_connection_ends_when_every_endpoint_refuses(forward):
    dead = [f"127.0.0.1:{ports.free_port()}" for _ in range(2)]
    proxy = forward(*dead)
    assert is_turned_away(proxy)
    record = proxy.wait_for_record()
    assert record.ended_by == "tcp_proxy" and "refused" in record.reason
    assert record.cluster == "backend"


def test_endpoint_that_keeps_failing_is_left_out_for_a_while(forward, named):
    hole = BlackHole()
    proxy = forward(f"127.0.0.1:{hole.port}", named("alive").address, connect_timeout="0.5s",
                    passive_ejection={"consecutive_failures": 2, "ejection_time": "60s"})
    for _ in range(4):
        ask(proxy)  # every other one waits for the dead endpoint first
    watch = Stopwatch()
    for _ in range(10):
        assert ask(proxy) == "alive"
    assert watch.seconds < 0.5, "nobody waits for it any more"
    hole.close()


def test_ejected_endpoint_comes_back(forward, named):
    port = ports.free_port()
    proxy = forward(f"127.0.0.1:{port}", named("always").address,
                    passive_ejection={"consecutive_failures": 1, "ejection_time": "0.3s"})
    for _ in range(3):
        assert ask(proxy) == "always"
    named("back", port=port)
    eventually(lambda: ask(proxy) == "back", what="the endpoint that listens again")


def test_only_endpoint_is_used_even_when_it_failed(forward, serve, dial):
    port = ports.free_port()
    proxy = forward(f"127.0.0.1:{port}", passive_ejection={"consecutive_failures": 1, "ejection_time": "60s"})
    assert is_turned_away(proxy)
    serve(echo, port=port)
    client.assert_echoes(dial(proxy.address()))


def test_endpoint_may_be_a_dns_name(forward, named, dns):
    server = named("by name")
    dns.add("backend.test", "127.0.0.1")
    proxy = forward(f"backend.test:{server.port}", resolver={"servers": [dns.address]})
    assert ask(proxy) == "by name"
    assert proxy.wait_for_record().resolved_address == server.address


def test_endpoint_may_be_a_unix_socket(forward, named, tmp_path):
    server = named("local", path=tmp_path / "backend.sock")
    assert ask(forward(server.address)) == "local"


def test_idle_connection_is_closed(forward, echo_server, dial):
    proxy = forward(echo_server.address, tcp_proxy={"idle_timeout": "0.3s"})
    connection = dial(proxy.address())
    client.assert_echoes(connection)
    assert client.is_closed(connection)
    assert "idle" in proxy.wait_for_record().reason
