"""Which filter chain a connection gets: by server name, ALPN and addresses, from hellos in any pieces."""

import socket

import pytest

from harness import client, ports
from harness.config import cluster, config, listener
from harness.servers import greeter
from harness.tls import bytewise, client_hello, in_records, in_records_and_packets
from harness.waiting import Stopwatch


@pytest.fixture
def routed(start, serve):
    """routed({name: match}, ...): each chain leads to a server that says the chain's name; None is no match at all."""
    def run(matches, port=None, **fields):
        servers = {name: serve(greeter(name.encode() + b"\n")) for name in matches}
        chains = [
            {"name": name, **({"match": match} if match is not None else {}),
             "filters": [{"tcp_proxy": {"cluster": name}}]}
            for name, match in matches.items()]
        return start(config(listener(filter_chains=chains, port=port, **fields),
                            clusters=[cluster(name, server.address) for name, server in servers.items()]))
    return run


@pytest.fixture
def greeting(dial):
    """greeting(proxy, pieces, ...): the name of the chain that takes a client with these first bytes, or ''."""
    def ask(proxy, pieces, **options):
        connection = dial(proxy.address(), **options)
        for piece in pieces:
            connection.sendall(piece)
        try:
            return client.read_until(connection, b"\n")[0].decode().strip()
        except (EOFError, ConnectionError):
            return ""
    return ask


def greeting_from(proxy, port):
    """The name of the chain that takes a client with this source port."""
    with socket.socket() as connection:
        connection.settimeout(client.TIMEOUT)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.bind(("127.0.0.1", port))
        connection.connect(proxy.address())
        return client.read_until(connection, b"\n")[0].decode().strip()


NAMES = {
    "exact": {"server_names": ["a.example.test"]},
    "wildcard": {"server_names": ["*.example.test"]},
    "default": None,
}


@pytest.mark.parametrize(
    "cut", [lambda hello: [hello], bytewise, in_records(1), in_records(50), in_records_and_packets(20)],
    ids=["whole", "bytewise", "records of 1", "records of 50", "records and packets"])
def test_hello_in_any_pieces_is_understood(routed, greeting, cut):
    proxy = routed(NAMES)
    assert greeting(proxy, cut(client_hello("a.example.test"))) == "exact"


@pytest.mark.parametrize("server_name, chain", [
    ("a.example.test", "exact"), ("A.Example.Test", "exact"), ("b.example.test", "wildcard"),
    ("example.test", "default"), ("other.test", "default"), (None, "default"),
])
def test_exact_name_comes_before_wildcard_before_none(routed, greeting, server_name, chain):
    assert greeting(routed(dict(reversed(NAMES.items()))), [client_hello(server_name)]) == chain


def test_bytes_of_the_hello_reach_the_far_end_unchanged(start, echo_server, dial):
    chains = [{"match": {"server_names": ["a.test"]}, "filters": [{"tcp_proxy": {"cluster": "echo"}}]}]
    proxy = start(config(listener(filter_chains=chains), clusters=[cluster("echo", echo_server.address)]))
    hello = client_hello("a.test")
    connection = dial(proxy.address())
    for piece in in_records_and_packets(30)(hello):
        connection.sendall(piece)
    sent = b"".join(in_records_and_packets(30)(hello))
    assert client.read_exactly(connection, len(sent)) == sent


def test_application_protocols(routed, greeting):
    proxy = routed({"h2": {"application_protocols": ["h2"]}, "acme": {"application_protocols": ["acme-tls/1"]},
                    "rest": {}})
    assert greeting(proxy, [client_hello("a.test", ["h2", "http/1.1"])]) == "h2"
    assert greeting(proxy, [client_hello("a.test", ["acme-tls/1"])]) == "acme"
    assert greeting(proxy, [client_hello("a.test", ["http/1.1"])]) == "rest"
    assert greeting(proxy, [client_hello("a.test")]) == "rest"


def test_all_fields_of_a_match_must_fit(routed, greeting):
    proxy = routed({"both": {"server_names": ["a.test"], "application_protocols": ["h2"]}, "rest": None})
    assert greeting(proxy, [client_hello("a.test", ["h2"])]) == "both"
    assert greeting(proxy, [client_hello("a.test", ["http/1.1"])]) == "rest"
    assert greeting(proxy, [client_hello("b.test", ["h2"])]) == "rest"


def test_name_is_more_specific_than_protocol(routed, greeting):
    proxy = routed({"protocol": {"application_protocols": ["h2"]}, "name": {"server_names": ["a.test"]}})
    assert greeting(proxy, [client_hello("a.test", ["h2"])]) == "name"


def test_source_ranges(routed, greeting):
    proxy = routed({"near": {"source_ranges": ["127.0.0.8/29"]}, "rest": None})
    assert greeting(proxy, [b"x"], source="127.0.0.9") == "near"
    assert greeting(proxy, [b"x"], source="127.0.0.1") == "rest"


def test_source_ports(routed):
    one = ports.free_port()
    proxy = routed({"port": {"source_ports": [str(one)]}, "range": {"source_ports": ["32100-32199"]}, "rest": None})
    names = [greeting_from(proxy, port) for port in (one, 32100, 32199, 32200)]
    assert names == ["port", "range", "range", "rest"]


def test_destination_range_and_port(routed, free_port):
    proxy = routed({"one": {"destination_ranges": ["127.0.0.1/32"]}, "two": {"destination_ranges": ["127.0.0.2/32"]},
                    "port": {"destination_ports": [str(free_port)], "destination_ranges": ["127.0.0.3/32"]},
                    "rest": None}, host="0.0.0.0", port=free_port)
    names = {}
    for host in ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"):
        with client.dial((host, proxy.port)) as connection:
            names[host] = client.read_until(connection, b"\n")[0].decode().strip()
    assert list(names.values()) == ["one", "two", "port", "rest"]


def test_addresses_alone_need_no_first_byte(routed, dial):
    """A server may speak first: nothing is waited for when no chain asks for a hello."""
    connection = dial(routed({"only": {"source_ranges": ["127.0.0.0/8"]}}).address())
    assert client.read_until(connection, b"\n")[0] == b"only\n"


def test_connection_that_no_chain_takes_is_closed_with_a_reason(routed, greeting):
    proxy = routed({"only": {"server_names": ["a.test"]}})
    assert greeting(proxy, [client_hello("b.test")]) == ""
    assert "chain" in proxy.wait_for_record().reason


def test_first_bytes_that_are_no_tls_get_the_chain_without_a_name(routed, greeting):
    assert greeting(routed(NAMES), [b"GET / HTTP/1.1\r\n\r\n"]) == "default"


def test_hello_that_does_not_end_is_closed_in_time(routed, dial):
    proxy = routed(NAMES, chain_match_timeout="0.5s")
    watch = Stopwatch()
    connection = dial(proxy.address())
    connection.sendall(client_hello("a.example.test")[:50])
    assert client.is_closed(connection)
    assert 0.3 < watch.seconds < 5
    assert proxy.wait_for_record().timed_out


def test_trickling_hello_does_not_move_the_deadline(routed, dial):
    proxy = routed(NAMES, chain_match_timeout="1s")
    watch = Stopwatch()
    connection = dial(proxy.address())
    connection.settimeout(0.1)
    with pytest.raises((ConnectionError, EOFError)):
        for byte in client_hello("a.example.test"):
            connection.sendall(bytes([byte]))
            try:
                if not connection.recv(1):
                    raise EOFError
            except TimeoutError:
                pass
    assert watch.seconds < 5


def test_hello_that_is_too_large_is_closed(routed, greeting):
    proxy = routed(NAMES, max_client_hello_size=512)
    large = client_hello("a.example.test", ["p" * 200 + str(number) for number in range(10)])
    assert greeting(proxy, [large]) == ""
    assert proxy.wait_for_record().reason
