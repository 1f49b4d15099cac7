"""ConnectionService: what is open, and its end."""

import contextlib

import grpc
import pytest

from harness import client, tls
from harness.admin import refused
from harness.config import auth, config, http_connect, listener, tls_terminate, users
from harness.stubs import admin_runtime
from harness.waiting import eventually


@pytest.fixture
def proxy(start_managed):
    """A proxy for three users."""
    return start_managed(config(listener(auth(), http_connect()), listener(auth(), http_connect(), name="other"),
                                identity_providers=[users("alice:a", "bob:b", "carol:c")]))


@pytest.fixture
def tunnel_of(proxy, echo_server, tunnel):
    """tunnel_of(user): an open tunnel of that user."""
    def open_tunnel(user, name=None, authority=echo_server.address, source=None):
        return tunnel(proxy.address(name), authority, f"{user}:{user[0]}", source=source)
    return open_tunnel


def users_of(proxy, **fields):
    return sorted(connection.user for connection in proxy.admin.list_connections(**fields))


def test_tunnel_is_told_with_what_is_known_of_it(proxy, tunnel_of, echo_server):
    held = tunnel_of("alice")
    client.assert_echoes(held, b"x" * 100_000)
    (entry,) = proxy.admin.list_connections()
    assert (entry.listener, entry.user, entry.phase) == ("proxy", "alice", "tunnel")
    assert entry.source == "{}:{}".format(*held.getsockname())
    assert entry.destination == entry.resolved_address == echo_server.address
    assert entry.bytes_received >= 100_000 and entry.bytes_sent >= 100_000, "while it is open"
    assert entry.start.seconds > 1_600_000_000 and entry.receive_rate > 0 and entry.send_rate > 0
    held.close()
    record = proxy.wait_for_record()
    assert record.connection_id == entry.id
    eventually(lambda: not proxy.admin.list_connections(), what="the end of the connection")


def test_filter(proxy, tunnel_of, serve, echo_server):
    other = serve(lambda connection: connection.recv(1))
    tunnel_of("alice")
    tunnel_of("bob", "other")
    tunnel_of("carol", authority=other.address, source="127.0.0.9")
    assert users_of(proxy) == ["alice", "bob", "carol"]
    assert users_of(proxy, listener="other") == ["bob"]
    assert users_of(proxy, user="alice") == ["alice"]
    assert users_of(proxy, source="127.0.0.9") == ["carol"]
    assert users_of(proxy, destination=f":{echo_server.port}") == ["alice", "bob"]
    assert users_of(proxy, phase="tunnel") == ["alice", "bob", "carol"]
    assert users_of(proxy, phase="connect") == []
    assert users_of(proxy, user="alice", listener="other") == []


def test_limit_and_pages(proxy, tunnel_of):
    for _ in range(30):
        tunnel_of("alice")
    assert len(proxy.admin.list_connections(limit=7)) == 7
    pages = list(proxy.admin.connections.List())
    assert len({one.id for page in pages for one in page.connections}) == 30
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]


def test_phases(start_managed, localhost, dial, black_hole):
    proxy = start_managed(config(
        listener(http_connect(), name="plain"), listener(tls_terminate(localhost), http_connect(), name="secure"),
        listener(name="matched", filter_chains=[{"match": {"server_names": ["a.test"]}, "filters": [http_connect()]}])))

    def phase(name):
        return [one.phase for one in proxy.admin.list_connections(listener=name)]

    dial(proxy.address("matched"))
    eventually(lambda: phase("matched") == ["chain_match"], what="chain_match")
    dial(proxy.address("secure")).sendall(tls.client_hello("localhost")[:50])
    eventually(lambda: phase("secure") == ["tls_handshake"], what="tls_handshake")
    asking = dial(proxy.address("plain"))
    eventually(lambda: phase("plain") == ["request"], what="request")
    asking.sendall(client.connect_head(f"127.0.0.1:{black_hole.port}"))
    eventually(lambda: phase("plain") == ["connect"], what="connect")


def test_tls_is_told(start_managed, localhost, trust, echo_server, tunnel):
    proxy = start_managed(config(listener(tls_terminate(localhost), http_connect())))
    tunnel(proxy.address(), echo_server.address, tls=trust)
    (entry,) = proxy.admin.list_connections()
    assert "1.3" in entry.tls_version.replace("_", ".") and entry.tls_server_name == "localhost"


def test_watch_tells_rates_of_each_interval(proxy, tunnel_of):
    held = tunnel_of("alice")
    watch = proxy.admin.connections.Watch(interval={"nanos": 100_000_000},
                                          filter=admin_runtime.ConnectionFilter(user="alice"))

    def next_list():
        connections = []
        for page in watch:
            connections.extend(page.connections)
            if page.complete:
                return connections

    assert [one.user for one in next_list()] == ["alice"]
    client.assert_echoes(held, b"x" * 1_000_000)
    eventually(lambda: next_list()[0].receive_rate > 1_000_000, what="the rate of the interval")
    eventually(lambda: next_list()[0].receive_rate == 0, what="an interval without a byte")
    held.close()
    eventually(lambda: next_list() == [], what="a list without it")
    watch.cancel()


def is_open(connection):
    with contextlib.suppress(EOFError, ConnectionError):
        client.assert_echoes(connection)
        return True
    return False


def test_kill_one(proxy, tunnel_of):
    doomed = tunnel_of("alice")
    (entry,) = proxy.admin.list_connections()
    other = tunnel_of("alice")
    assert proxy.admin.connections.Kill(id=entry.id).killed == 1
    assert client.is_closed(doomed) and is_open(other)
    record = proxy.wait_for_record()
    assert record.connection_id == entry.id and "kill" in record.reason
    assert refused(proxy.admin.connections.Kill, id=entry.id).code == grpc.StatusCode.NOT_FOUND


def test_kill_every_connection_of_a_user(proxy, tunnel_of):
    doomed = [tunnel_of("alice", name) for name in ("proxy", "other") for _ in range(10)]
    other = tunnel_of("bob")
    assert proxy.admin.connections.Kill(user="alice").killed == 20
    assert all(client.is_closed(connection) for connection in doomed) and is_open(other)
    assert refused(proxy.admin.connections.Kill, user="alice").code == grpc.StatusCode.NOT_FOUND
    assert users_of(proxy) == ["bob"]


def test_kill_what_does_not_carry_bytes_yet(start_managed, dial, black_hole):
    proxy = start_managed(config(listener(http_connect())))
    waiting, connecting = dial(proxy.address()), dial(proxy.address())
    connecting.sendall(client.connect_head(f"127.0.0.1:{black_hole.port}"))
    eventually(lambda: sorted(one.phase for one in proxy.admin.list_connections()) == ["connect", "request"])
    for entry in proxy.admin.list_connections():
        assert proxy.admin.connections.Kill(id=entry.id).killed == 1
    assert client.is_closed(waiting) and client.is_closed(connecting)


def test_kill_needs_to_know_whom(proxy, tunnel_of):
    held = tunnel_of("alice")
    assert refused(proxy.admin.connections.Kill).code == grpc.StatusCode.INVALID_ARGUMENT
    assert refused(proxy.admin.connections.Kill, user="").code == grpc.StatusCode.INVALID_ARGUMENT
    assert is_open(held)
