"""tls_terminate: how connections end. A clean end (close_notify) is told apart from truncation."""

import socket
import ssl

import pytest

from harness import client
from harness.config import cluster, config, listener, tls_terminate
from harness.servers import reset, sink
from harness.tls import TlsClient


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def context(request, authority):
    return authority.client_context(minimum=request.param, maximum=request.param)


@pytest.fixture
def to_sink(start, serve, localhost):
    """TLS in front of a server that answers at the end of what it reads."""
    server = serve(sink)
    return start(config(
        listener(tls_terminate(localhost), {"tcp_proxy": {"cluster": "sink"}}),
        clusters=[cluster("sink", server.address)]))


def test_close_notify_of_the_client_is_a_half_close(to_sink, dial, context):
    tls = TlsClient(dial(to_sink.address()), context)
    tls.write(b"x" * 100_000)
    tls.send_close_notify()
    assert tls.read_to_close_notify().startswith(b"100000 "), "the answer to the end still arrives"


def test_end_of_the_server_becomes_close_notify(start, serve, localhost, dial, context):
    server = serve(lambda connection: connection.sendall(b"done"))
    proxy = start(config(
        listener(tls_terminate(localhost), {"tcp_proxy": {"cluster": "server"}}),
        clusters=[cluster("server", server.address)]))
    assert TlsClient(dial(proxy.address()), context).read_to_close_notify() == b"done"


def test_truncation_does_not_pass_for_an_end(to_sink, dial, context):
    """TCP ends without close_notify: an attacker can do that, so the far side must not take it for a clean end."""
    connection = dial(to_sink.address())
    tls = TlsClient(connection, context)
    tls.write(b"x" * 1000)
    connection.shutdown(socket.SHUT_WR)
    assert client.is_closed(connection)
    record = to_sink.wait_for_record()
    assert "truncat" in record.reason + (record.details or "")


def test_clean_end_is_logged_as_one(to_sink, dial, context):
    connection = dial(to_sink.address())
    tls = TlsClient(connection, context)
    tls.write(b"x" * 1000)
    tls.send_close_notify()
    tls.read_to_close_notify()
    connection.close()
    record = to_sink.wait_for_record()
    assert "truncat" not in record.reason + (record.details or "")


def test_reset_of_the_server_is_no_clean_end(start, serve, localhost, dial, context):
    server = serve(reset)
    proxy = start(config(
        listener(tls_terminate(localhost), {"tcp_proxy": {"cluster": "server"}}),
        clusters=[cluster("server", server.address)]))
    tls = TlsClient(dial(proxy.address()), context)
    tls.write(b"x")
    with pytest.raises((ssl.SSLEOFError, ConnectionError)):
        tls.read_to_close_notify()
