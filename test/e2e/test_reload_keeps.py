"""What an apply keeps: listening sockets and the connections that wait at them, open tunnels, counters, memory."""

import hashlib
import re
import socket
import threading

import pytest

from harness import client
from harness.config import (DENY_LOOPBACK, cluster, config, http_connect, listener, tcp_proxy, tls_terminate,
                            with_listeners)
from harness.load import Load, tunnel_through
from harness.ports import free_port
from harness.waiting import eventually


@pytest.fixture
def load_on(cleanup):
    """load_on(port): clients that use it without pause."""
    def run(port):
        load = Load(tunnel_through(port), echo_port=free_port(), clients=16)
        cleanup.callback(load.close)
        load.wait_for(16)
        return load
    return run


def renamed(proxy, name, **fields):
    return with_listeners(proxy.config, {**proxy.config["listeners"][0], "name": name, **fields})


def test_listener_may_be_renamed_under_traffic(managed_proxy, load_on):
    load = load_on(managed_proxy.port)
    for number in range(10):
        managed_proxy.admin.apply(renamed(managed_proxy, f"name{number}"))
        load.wait_for(16)
    load.finish()
    (entry,) = managed_proxy.admin.runtime.ListListeners().listeners
    assert entry.name == "name9"


@pytest.mark.parametrize("hosts", [["0.0.0.0", "[::]"], ["127.0.0.1", "0.0.0.0"], ["0.0.0.0", "127.0.0.1"]],
                         ids=["IPv4 to dual stack", "one address to all", "all addresses to one"])
def test_address_may_widen_and_narrow_under_traffic(start_managed, load_on, hosts):
    proxy = start_managed(config(listener(http_connect())))
    addresses = [f"{host}:{proxy.port}" for host in hosts]
    proxy.admin.apply(renamed(proxy, "proxy", address=addresses[0]))
    load = load_on(proxy.port)
    for turn in range(6):
        proxy.admin.apply(renamed(proxy, "proxy", address=addresses[(turn + 1) % 2]))
        load.wait_for(16)
    load.finish()


def test_dual_stack_serves_both(managed_proxy, echo_server):
    managed_proxy.admin.apply(renamed(managed_proxy, "proxy", address=f"[::]:{managed_proxy.port}"))
    for host in "127.0.0.1", "::1":
        assert client.status_of((host, managed_proxy.port), echo_server.address) == 200


def test_connections_in_the_kernels_queue_are_served(start_managed, echo_server):
    """A burst that the workers cannot have accepted yet when the config is swapped, several times."""
    proxy = start_managed(config(listener(http_connect()), access_log=[]))
    head = client.connect_head(echo_server.address)
    for turn in range(10):
        applied = threading.Thread(target=proxy.admin.apply, args=(renamed(proxy, f"turn{turn}"),))
        connections = []
        for number in range(100):
            if number == 50:
                applied.start()
            connections.append(socket.create_connection(proxy.address(), 10))
        for connection in connections:
            connection.sendall(head)
        for connection in connections:
            assert client.read_until(connection, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 ")
            connection.close()
        applied.join()


def test_open_tunnels_end_on_the_chain_that_they_began_with(managed_proxy, echo_server, tunnel):
    held = tunnel(managed_proxy.address(), echo_server.address)
    managed_proxy.admin.apply(with_listeners(managed_proxy.config, listener(
        http_connect(DENY_LOOPBACK), name="other", port=managed_proxy.port)))
    managed_proxy.admin.apply(with_listeners(managed_proxy.config))
    client.assert_echoes(held, b"x" * 100_000)
    held.close()
    record = managed_proxy.wait_for_record(lambda one: one.status == 200)
    assert (record.listener, record.upstream_bytes_sent) == ("proxy", 100_000)


def test_open_tunnels_of_a_replaced_chain_end_after_the_listeners_drain_time(start_managed, echo_server, tunnel):
    proxy = start_managed(config(listener(http_connect(), drain_timeout="1s"), listener(http_connect(), name="other")))
    replaced, other = (tunnel(proxy.address(name), echo_server.address) for name in ("proxy", "other"))
    own, kept = proxy.config["listeners"]
    proxy.admin.apply(with_listeners(proxy.config, {**own, "filters": [http_connect(DENY_LOOPBACK)]}, kept))
    client.assert_echoes(replaced)
    assert client.is_closed(replaced)
    client.assert_echoes(other)
    assert "drain" in proxy.wait_for_record(lambda one: one.status == 200).reason


def test_counters_go_on(managed_proxy, echo_server):
    def total():
        return managed_proxy.admin.runtime.ListListeners().listeners[0].connections_total

    for turn in range(1, 6):
        client.open_tunnel(managed_proxy.address(), echo_server.address).close()
        assert total() == turn
        managed_proxy.admin.apply(renamed(managed_proxy, "proxy", max_connections=100 + turn))
        assert total() == turn


def test_endpoint_that_was_ejected_stays_so(start_managed, free_port, echo_server, dial):
    dead = f"127.0.0.1:{free_port}"
    pool = cluster("pool", dead, echo_server.address, passive_ejection={"consecutive_failures": 1})
    proxy = start_managed(config(listener(tcp_proxy("pool")), clusters=[pool]))

    def ejected():
        return {one.address: one.ejected for one in proxy.admin.runtime.ListClusters().clusters[0].endpoints}

    for _ in range(4):
        client.assert_echoes(dial(proxy.address()))
    assert ejected() == {dead: True, echo_server.address: False}
    proxy.admin.apply(renamed(proxy, "proxy", max_connections=9))
    assert ejected() == {dead: True, echo_server.address: False}


def test_certificate_file_that_changes_is_picked_up_without_an_apply(start_managed, authority, dial):
    old, new = authority.issue("shown", "DNS:localhost"), authority.issue("next", "DNS:localhost", "DNS:more.test")
    proxy = start_managed(config(listener(tls_terminate(old), http_connect())))
    context = authority.client_context()
    held = dial(proxy.address(), context)
    before = held.getpeercert(True)
    # The key comes first: for a while the two do not belong together, and the old pair stays in use.
    old.key.write_bytes(new.key.read_bytes())
    proxy.wait_for_log("private_key", timeout=30)
    assert dial(proxy.address(), context).getpeercert(True) == before
    old.certificate.write_bytes(new.certificate.read_bytes())
    eventually(lambda: dial(proxy.address(), context).getpeercert(True) == new.der(), 30, "the new certificate")
    (entry,) = proxy.admin.runtime.ListCertificates().certificates
    assert re.sub(":", "", entry.fingerprint).lower() == hashlib.sha256(new.der()).hexdigest()
    assert proxy.admin.running_version() == 1, "the config is the same"
    assert held.fileno() >= 0


def test_memory_of_old_configs_is_gone_after_the_last_of_their_connections(start_managed, authority, echo_server, dial):
    """Each version is held by a connection; when these end, so do the versions."""
    issued, context, port = authority.issue("versions", "DNS:*.versions.test"), authority.client_context(), free_port()

    def settings(number):
        chains = [{"match": {"server_names": [f"s{place}of{number}.versions.test"]},
                   "filters": [tls_terminate(issued), tcp_proxy("echo")]} for place in range(100)]
        return config(listener(name="secure", port=port, filter_chains=chains), access_log=[],
                      clusters=[cluster("echo", echo_server.address)], max_kept_versions=1,
                      state_directory=proxy.config["process"]["state_directory"])

    proxy = start_managed(config(listener(tcp_proxy("echo"), name="secure", port=port), access_log=[],
                                 clusters=[cluster("echo", echo_server.address)], max_kept_versions=1))

    def apply_and_hold(numbers):
        held = []
        for number in numbers:
            proxy.admin.apply(settings(number))
            held.append(dial(proxy.address(), context, f"s0of{number}.versions.test"))
            client.assert_echoes(held[-1])
        for connection in held:
            connection.close()
        eventually(lambda: not proxy.admin.list_connections(), what="the end of the connections")
        return proxy.memory()

    before = apply_and_hold(range(1, 21))
    apply_and_hold(range(21, 41))
    eventually(lambda: proxy.memory() < 1.15 * before, 30, f"memory near {before >> 20} MiB")
