"""tls_terminate: versions, cipher suites, curves, ALPN, time-out."""

import ssl
import subprocess

import pytest

from harness import client
from harness.config import config, http_connect, listener, tls_terminate
from harness.waiting import Stopwatch

VERSIONS = {"TLSv1_2": ssl.TLSVersion.TLSv1_2, "TLSv1_3": ssl.TLSVersion.TLSv1_3}


def handshake(dial, proxy, context):
    """The connection, or None when the handshake fails."""
    try:
        connection = dial(proxy.address(), context)
        client.assert_echoes(connection)
        return connection
    except (ssl.SSLError, ConnectionError, EOFError):
        return None


@pytest.mark.parametrize("client_version", VERSIONS)
@pytest.mark.parametrize("minimum, maximum, taken", [
    (None, None, {"TLSv1_2", "TLSv1_3"}), ("TLSv1_3", None, {"TLSv1_3"}), (None, "TLSv1_2", {"TLSv1_2"}),
])
def test_versions(serve_tls, localhost, authority, dial, client_version, minimum, maximum, taken):
    limits = {key: value for key, value in
              {"minimum_version": minimum, "maximum_version": maximum}.items() if value}
    proxy = serve_tls(localhost, **limits)
    version = VERSIONS[client_version]
    connection = handshake(dial, proxy, authority.client_context(minimum=version, maximum=version))
    assert (connection is not None) == (client_version in taken)
    if connection:
        assert connection.version() == client_version.replace("_", ".")


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_versions_before_1_2_are_refused(serve_tls, localhost, version):
    proxy = serve_tls(localhost)
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port}", version, "-cipher",
                           "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
    assert done.returncode != 0


def test_cipher_suites_of_tls_1_2_are_a_choice(serve_tls, localhost, authority, dial):
    proxy = serve_tls(localhost, cipher_suites=["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256"])
    context = authority.client_context(maximum=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305")
    assert handshake(dial, proxy, context).cipher()[0] == "ECDHE-ECDSA-CHACHA20-POLY1305"
    context.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
    assert handshake(dial, proxy, context) is None


def test_curves_are_a_choice(serve_tls, localhost):
    proxy = serve_tls(localhost, curves=["P-384"])

    def agrees_on(curve):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port}", "-groups", curve],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
        return b"Cipher is (NONE)" not in done.stdout and done.returncode == 0

    assert agrees_on("P-384")
    assert not agrees_on("X25519")
    assert agrees_on("X25519:P-384"), "with a second hello"


@pytest.mark.parametrize("offered, selected", [
    (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), (["acme", "http/1.1"], "acme"), ([], None),
])
def test_alpn_follows_the_order_of_the_config(serve_tls, localhost, authority, dial, offered, selected):
    proxy = serve_tls(localhost, application_protocols=["acme", "http/1.1"])
    connection = handshake(dial, proxy, authority.client_context(protocols=offered))
    assert connection.selected_alpn_protocol() == selected


def test_client_that_offers_only_other_protocols_is_refused(serve_tls, localhost, authority, dial):
    proxy = serve_tls(localhost, application_protocols=["http/1.1"])
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        dial(proxy.address(), authority.client_context(protocols=["h2"]))


def test_handshake_that_does_not_come_is_ended(start, localhost, dial):
    proxy = start(config(listener(tls_terminate(localhost, handshake_timeout="0.5s"), http_connect())))
    watch = Stopwatch()
    connection = dial(proxy.address())
    assert client.is_closed(connection)
    assert 0.3 < watch.seconds < 5
    record = proxy.wait_for_record()
    assert record.timed_out
    assert record.ended_by == "tls_terminate"


def test_plain_http_to_a_tls_port_is_ended_with_a_reason(secure_proxy, dial):
    connection = dial(secure_proxy.address())
    connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert client.is_closed(connection)
    record = secure_proxy.wait_for_record()
    assert record.ended_by == "tls_terminate" and record.reason


def test_facts_of_the_handshake_are_in_the_access_log(secure_proxy, echo_server, tunnel, trust):
    tunnel(secure_proxy.address(), echo_server.address, tls=trust).close()
    record = secure_proxy.wait_for_record(lambda record: record.status == 200)
    assert record.tls_version == "TLSv1.3"
    assert record.tls_cipher.startswith("TLS_")
    assert record.tls_server_name == "localhost"
    assert record.tls_resumed is False
    assert record.tls_handshake_ms > 0
