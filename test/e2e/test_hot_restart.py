"""A second process takes over from the first: sockets, config, tickets and counters, and not one connection."""

import socket
import threading

import pytest

from harness import client
from harness.config import (DENY_LOOPBACK, cluster, config, http_connect, listener, tcp_proxy, tls_terminate,
                            with_listeners)
from harness.waiting import eventually


@pytest.fixture
def proxy(start_managed):
    return start_managed(config(listener(http_connect()), drain_timeout="30s"))


def denying(proxy):
    return with_listeners(proxy.config, listener(http_connect(DENY_LOOPBACK), port=proxy.port))


def test_new_process_serves_and_the_old_one_ends(proxy, take_over, echo_server):
    successor = take_over(proxy)
    assert proxy.wait_for_end(10) == 0
    client.open_tunnel(successor.address(), echo_server.address).close()
    successor.wait_for_record(lambda one: one.status == 200)


def test_open_tunnels_live_on_in_the_old_process(proxy, take_over, echo_server, tunnel):
    held = tunnel(proxy.address(), echo_server.address)
    client.assert_echoes(held)
    successor = take_over(proxy)
    client.assert_echoes(held, b"x" * 100_000)
    assert client.status_of(successor.address(), echo_server.address) == 200
    assert successor.wait_for_record(lambda one: one.status == 200)
    held.close()
    assert proxy.wait_for_end(10) == 0
    assert proxy.wait_for_record().upstream_bytes_sent == 100_004


def test_open_tunnels_end_with_the_drain_time(start_managed, take_over, echo_server, tunnel):
    proxy = start_managed(config(listener(http_connect()), drain_timeout="1s"))
    held = tunnel(proxy.address(), echo_server.address)
    take_over(proxy)
    assert client.is_closed(held)
    assert proxy.wait_for_end(10) == 0


def test_connections_that_wait_to_be_accepted_are_served(proxy, take_over, echo_server):
    """Clients come without pause, before, while and after one process takes over from the other."""
    head, connections, failures, ended = client.connect_head(echo_server.address), [], [], threading.Event()

    def come():
        while not ended.is_set():
            try:
                connections.append(socket.create_connection(proxy.address(), 10))
                connections[-1].sendall(head)
            except OSError as error:
                failures.append(error)
            ended.wait(0.001)

    clients = threading.Thread(target=come)
    clients.start()
    try:
        eventually(lambda: len(connections) > 100)
        successor = take_over(proxy)
        count = len(connections)
        eventually(lambda: len(connections) > count + 100)
    finally:
        ended.set()
        clients.join(20)
    for connection in connections:
        assert client.read_until(connection, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 ")
        connection.close()
    assert failures == []
    assert successor.wait_for_record()
    assert proxy.wait_for_end(20) == 0


def test_config_that_was_applied_and_its_history_go_over(proxy, take_over, echo_server):
    version = proxy.admin.apply(denying(proxy), label="no entry").version
    successor = take_over(proxy)
    assert successor.admin.config.Get().version == version
    assert [one.number for one in successor.admin.config.History().versions] == [2, 1]
    assert client.status_of(successor.address(), echo_server.address) == 403
    assert successor.admin.config.Rollback(version=1).version.number == 3
    assert client.status_of(successor.address(), echo_server.address) == 200


def test_file_may_be_chosen_instead(proxy, take_over, echo_server):
    proxy.admin.apply(denying(proxy))
    successor = take_over(proxy, arguments=["--start-from", "file"])
    assert successor.admin.running_version() == 3
    assert client.status_of(successor.address(), echo_server.address) == 200


def test_new_process_may_have_other_settings_and_listeners(proxy, take_over, echo_server):
    """What a reload refuses is what a restart is for."""
    added = listener(http_connect(), name="added")
    settings = with_listeners(proxy.config, proxy.config["listeners"][0], added)
    settings["process"] = {**settings["process"], "workers": 3}
    successor = take_over(proxy, settings, arguments=["--start-from", "file"])
    assert successor.admin.server.GetInfo().workers == 3
    for name in "proxy", "added":
        assert client.status_of(successor.address(name), echo_server.address) == 200
    fewer = with_listeners(settings, added)
    fewer["process"] = {**settings["process"], "workers": 1}
    last = take_over(successor, fewer, arguments=["--start-from", "file"])
    assert client.status_of(last.address("added"), echo_server.address) == 200
    assert proxy.wait_for_end(10) == successor.wait_for_end(10) == 0
    with pytest.raises(ConnectionRefusedError):
        client.dial(proxy.address())


def test_unix_sockets_go_over(start_managed, take_over, echo_server, tmp_path):
    path = tmp_path / "proxy.sock"
    proxy = start_managed(config({**listener(http_connect()), "address": f"unix:{path}"}))
    inode = path.stat().st_ino
    successor = take_over(proxy)
    assert proxy.wait_for_end(10) == 0
    assert path.stat().st_ino == inode
    assert client.status_of(successor.address(), echo_server.address) == 200
    assert successor.stop() == 0
    assert not path.exists()


def test_session_tickets_resume_in_the_new_process(start_managed, take_over, echo_server, localhost, authority, dial):
    proxy = start_managed(config(listener(tls_terminate(localhost), tcp_proxy("echo")),
                                 clusters=[cluster("echo", echo_server.address)]))
    context = authority.client_context()

    def use(session=None):
        connection = context.wrap_socket(dial(proxy.address()), server_hostname="localhost", session=session)
        client.assert_echoes(connection)
        resumed, ticket = connection.session_reused, connection.session
        connection.close()
        return resumed, ticket

    resumed, ticket = use()
    assert not resumed
    for _ in range(3):
        proxy = take_over(proxy)
        resumed, ticket = use(ticket)
        assert resumed


def test_counters_never_go_back(start_managed, take_over, echo_server, tunnel):
    proxy = start_managed(config(listener(http_connect()), listener({"metrics": {}}, name="metrics"), drain_timeout="30s"))
    name = 'culvert_listener_connections_total{listener="proxy"}'
    key = next(key for key in proxy.metrics() if key.startswith(name.split("{", maxsplit=1)[0]) and '"proxy"' in key)
    seen, ended = [], threading.Event()

    def watch():
        while not ended.is_set():
            seen.append(proxy.metrics()[key])

    watcher = threading.Thread(target=watch)
    watcher.start()
    processes = [proxy]
    try:
        for _ in range(3):
            for _ in range(5):
                client.open_tunnel(proxy.address(), echo_server.address).close()
            processes.append(take_over(processes[-1]))
    finally:
        ended.set()
        watcher.join(20)
    assert [(one, next_one) for one, next_one in zip(seen, seen[1:]) if next_one < one] == []
    assert [one.wait_for_end(20) for one in processes[:-1]] == [0, 0, 0]
    eventually(lambda: proxy.metrics()[key] == 15, what="every connection counted once")


def test_what_the_old_process_counts_is_added_until_it_ends(proxy, take_over, echo_server, tunnel):
    held = tunnel(proxy.address(), echo_server.address)
    successor = take_over(proxy)

    def received():
        (entry,) = successor.admin.runtime.ListListeners().listeners
        return entry.bytes_received

    before = received()
    client.assert_echoes(held, b"x" * 300_000)
    held.close()
    assert proxy.wait_for_end(10) == 0
    eventually(lambda: received() >= before + 300_000, what="the bytes of the old process's tunnel")
