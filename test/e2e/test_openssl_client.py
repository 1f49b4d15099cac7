"""openssl s_client -proxy: the TLS of the far end comes through the tunnel untouched."""

import subprocess

import pytest

from harness.certificates import server_context
from harness.config import auth, config, http_connect, listener, users
from harness.servers import greeter


@pytest.fixture
def proxy(start):
    return start(config(listener(auth(), http_connect()), identity_providers=[users("alice:wonderland")]))


def s_client(proxy, server, authority, password="wonderland"):
    return subprocess.run(
        ["openssl", "s_client", "-proxy", f"127.0.0.1:{proxy.port}", "-proxy_user", "alice", "-proxy_pass",
         f"pass:{password}", "-connect", server.address, "-CAfile", authority.certificate, "-verify_return_error",
         "-verify_hostname", "localhost", "-ign_eof"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)


def test_handshake_with_the_far_end(proxy, serve, localhost, authority):
    def greet_and_leave(connection):
        connection.sendall(b"greetings from afar\n")
        connection.unwrap()

    server = serve(greet_and_leave, tls=server_context(localhost))
    done = s_client(proxy, server, authority)
    assert b"Verify return code: 0 (ok)" in done.stdout, done.stderr
    assert b"greetings from afar" in done.stdout


def test_wrong_password_is_told(proxy, serve, localhost, authority):
    server = serve(greeter(b""), tls=server_context(localhost))
    done = s_client(proxy, server, authority, password="wrong")
    assert done.returncode != 0
    assert server.accepted == 0
