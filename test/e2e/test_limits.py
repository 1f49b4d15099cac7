"""Limits on connections and on file descriptors."""

import contextlib
import re

import pytest

from harness import client
from harness.config import config, http_connect, listener
from harness.waiting import Stopwatch, eventually


def is_let_in(proxy, server, name=None, source=None):
    """The tunnel of a new client, or None when it gets none within a second."""
    connection = client.dial(proxy.address(name), source=source)
    try:
        connection.settimeout(1)
        connection.sendall(client.connect_head(server.address))
        head, _ = client.read_until(connection, b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 200 "):
            return connection
    except (TimeoutError, EOFError, ConnectionError):
        pass
    connection.close()
    return None


@pytest.fixture
def fill(cleanup):
    """fill(proxy, server, count, ...): that many tunnels, which stay open."""
    def run(proxy, server, count, **options):
        connections = [is_let_in(proxy, server, **options) for _ in range(count)]
        for connection in filter(None, connections):
            cleanup.enter_context(contextlib.closing(connection))
        assert all(connections), "a connection within the limit was not let in"
        return connections
    return run


def test_connections_of_a_listener(start, echo_server, fill):
    proxy = start(config(listener(http_connect(), max_connections=3), listener(http_connect(), name="other")))
    held = fill(proxy, echo_server, 3)
    assert not is_let_in(proxy, echo_server)
    fill(proxy, echo_server, 1, name="other")
    client.assert_echoes(held[0])
    held[0].close()
    held[1].close()
    eventually(lambda: is_let_in(proxy, echo_server), what="a place for a new connection")


def test_connections_of_a_source(start, echo_server, fill):
    proxy = start(config(listener(http_connect(), max_connections_per_source=2)))
    held = fill(proxy, echo_server, 2, source="127.0.0.5")
    assert not is_let_in(proxy, echo_server, source="127.0.0.5")
    fill(proxy, echo_server, 2, source="127.0.0.6")
    held[0].close()
    eventually(lambda: is_let_in(proxy, echo_server, source="127.0.0.5"), what="a place for the source")


def test_connections_in_all(start, echo_server, fill):
    proxy = start(config(listener(http_connect()), listener(http_connect(), name="other"), max_connections=3))
    held = fill(proxy, echo_server, 2) + fill(proxy, echo_server, 1, name="other")
    assert not is_let_in(proxy, echo_server)
    assert not is_let_in(proxy, echo_server, name="other")
    held[0].close()
    held[1].close()
    eventually(lambda: is_let_in(proxy, echo_server, name="other"), what="a place for a new connection")


def test_refusals_have_a_reason_in_the_log(start, echo_server, fill):
    proxy = start(config(listener(http_connect(), max_connections_per_source=1)))
    fill(proxy, echo_server, 1)
    is_let_in(proxy, echo_server)
    assert "limit" in proxy.wait_for_record().reason


def test_longest_life_of_a_connection(start, echo_server, tunnel):
    proxy = start(config(listener(http_connect(), max_connection_lifetime="0.5s")))
    connection = tunnel(proxy.address(), echo_server.address)
    watch = Stopwatch()
    assert client.is_closed(connection)
    assert 0.2 < watch.seconds < 5
    assert "lifetime" in proxy.wait_for_record().reason


def test_running_out_of_files_pauses_accepting_says_so_once_and_recovers(start, echo_server, cleanup):
    proxy = start(config(listener(http_connect())), open_files=120)
    crowd = []
    for _ in range(300):
        connection = cleanup.enter_context(contextlib.closing(client.dial(proxy.address())))
        connection.sendall(client.connect_head(echo_server.address))
        crowd.append(connection)
    proxy.wait_for_log("(?i)descriptor|too many open files")
    # Pausing is not spinning: with nothing to do it takes next to no time.
    watch, before = Stopwatch(), proxy.cpu_seconds()
    with pytest.raises(TimeoutError):
        crowd[-1].settimeout(2)
        crowd[-1].recv(1)
    assert proxy.cpu_seconds() - before < 0.5 * watch.seconds
    said = [line for line in proxy.log if re.search("(?i)descriptor|too many open files", line)]
    assert len(said) <= 2, "once, or once when it begins and once when it is over"
    for connection in crowd:
        connection.close()
    recovered = eventually(lambda: is_let_in(proxy, echo_server), what="a tunnel after the crowd has left")
    client.assert_echoes(recovered)
    recovered.close()


def test_tunnels_that_were_open_do_not_notice_that_files_ran_out(start, echo_server, cleanup, tunnel):
    proxy = start(config(listener(http_connect())), open_files=120)
    connection = tunnel(proxy.address(), echo_server.address)
    for _ in range(300):
        cleanup.enter_context(contextlib.closing(client.dial(proxy.address())))
    proxy.wait_for_log("(?i)descriptor|too many open files")
    client.assert_echoes(connection, b"x" * 1_000_000)
