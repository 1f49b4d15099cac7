"""tls_terminate: session tickets, whose keys all workers share."""

import ssl
import time

import pytest

from harness import client
from harness.config import cluster, config, listener, tls_terminate
from harness.waiting import Stopwatch, eventually


@pytest.fixture
def proxy(start, echo_server, localhost):
    """An echo service over TLS with four workers: a second connection most often meets another one."""
    return start(config(
        listener(tls_terminate(localhost), {"tcp_proxy": {"cluster": "echo"}}),
        clusters=[cluster("echo", echo_server.address)], workers=4))


def use(dial, proxy, context, session=None):
    """A connection that has got its tickets."""
    connection = context.wrap_socket(dial(proxy.address()), server_hostname="localhost", session=session)
    client.assert_echoes(connection)
    return connection


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_session_is_resumed_by_every_worker(proxy, authority, dial, version):
    context = authority.client_context(minimum=version, maximum=version)
    first = use(dial, proxy, context)
    assert not first.session_reused
    # Thirty connections over four workers: that one worker took all has a chance of 1 in 10^17.
    assert [use(dial, proxy, context, first.session).session_reused for _ in range(30)] == [True] * 30


def test_resumption_is_in_the_access_log(proxy, authority, dial):
    context = authority.client_context()
    session = use(dial, proxy, context).session
    use(dial, proxy, context, session).close()
    assert proxy.wait_for_record(lambda record: record.tls_resumed)


def test_disabled_tickets_resume_nothing(serve_tls, localhost, authority, dial):
    proxy = serve_tls(localhost, session_tickets={"disabled": True})
    context = authority.client_context()
    session = use(dial, proxy, context).session
    assert not use(dial, proxy, context, session).session_reused


def test_ticket_is_no_way_round_a_required_certificate(start, echo_server, localhost, authority, dial):
    required = {"mode": "REQUIRED", "ca": {"filename": str(authority.certificate)}}
    proxy = start(config(
        listener(tls_terminate(localhost), {"tcp_proxy": {"cluster": "echo"}}, name="open"),
        listener(tls_terminate(localhost, client_certificate=required), {"tcp_proxy": {"cluster": "echo"}},
                 name="closed"),
        clusters=[cluster("echo", echo_server.address)]))
    context = authority.client_context()
    opened = context.wrap_socket(dial(proxy.address("open")), server_hostname="localhost")
    client.assert_echoes(opened)
    with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
        closed = context.wrap_socket(dial(proxy.address("closed")), server_hostname="localhost", session=opened.session)
        client.assert_echoes(closed)


def test_ticket_is_not_taken_after_its_lifetime(serve_tls, localhost, authority, dial):
    proxy = serve_tls(localhost, session_tickets={"lifetime": "1s", "rotation_interval": "1s"})
    context = authority.client_context()
    session = use(dial, proxy, context).session
    deadline = time.monotonic() + 15
    while use(dial, proxy, context, session).session_reused:
        assert time.monotonic() < deadline, "the ticket is still taken"


def test_ticket_outlives_a_new_key_and_ends_when_two_more_have_come(serve_tls, localhost, authority, dial):
    proxy = serve_tls(localhost, session_tickets={"lifetime": "2h", "rotation_interval": "1s"})
    context = authority.client_context()
    watch = Stopwatch()
    session = use(dial, proxy, context).session
    eventually(lambda: not use(dial, proxy, context, session).session_reused, 15, "the end of its key")
    assert watch.seconds > 1.5, "the key before the newest is still taken"
