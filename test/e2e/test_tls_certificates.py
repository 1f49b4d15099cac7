"""tls_terminate: which certificate a client is shown."""

import ssl
import subprocess

import pytest

from harness.certificates import Issued


@pytest.fixture
def shown(dial):
    """shown(proxy, server_name): the certificate (DER) that a client with that SNI, or none, is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def ask(proxy, server_name):
        return dial(proxy.address(), context, server_name).getpeercert(binary_form=True)
    return ask


@pytest.fixture(scope="module")
def default(authority):
    return authority.issue("default", "DNS:default.test")


@pytest.fixture(scope="module")
def exact(authority):
    return authority.issue("exact", "DNS:a.example.test")


@pytest.fixture(scope="module")
def wildcard(authority):
    return authority.issue("wildcard", "DNS:*.example.test")


@pytest.mark.parametrize("server_name, chosen", [
    ("default.test", "default"), ("a.example.test", "exact"), ("A.EXAMPLE.TEST", "exact"),
    ("b.example.test", "wildcard"),
    ("c.b.example.test", "default"), ("example.test", "default"), ("unknown.test", "default"), (None, "default"),
])
def test_name_of_the_client_chooses(serve_tls, shown, default, exact, wildcard, server_name, chosen):
    proxy = serve_tls(default, wildcard, exact)
    wanted = {"default": default, "exact": exact, "wildcard": wildcard}[chosen]
    assert shown(proxy, server_name) == wanted.der()


def test_every_name_of_a_certificate_counts(serve_tls, shown, authority, default):
    many = authority.issue("many", "DNS:one.test", "DNS:two.test", "DNS:*.three.test")
    proxy = serve_tls(default, many)
    for name in ("one.test", "two.test", "x.three.test"):
        assert shown(proxy, name) == many.der()


def signature_of(proxy, server_name, algorithms, version="-tls1_3"):
    """The type of key with which the server signed for a client that takes only these algorithms."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port}", "-servername", server_name, version,
         "-sigalgs", algorithms],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("Peer signature type:")]
    return lines[0].partition(": ")[2] if lines else None


@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
@pytest.mark.parametrize("order", ["rsa first", "ecdsa first"])
def test_rsa_and_ecdsa_of_one_name_stand_side_by_side(serve_tls, authority, version, order):
    pair = [authority.issue("both_rsa", "DNS:both.test", key="rsa"), authority.issue("both_ec", "DNS:both.test")]
    proxy = serve_tls(*(pair if order == "rsa first" else reversed(pair)))
    assert signature_of(proxy, "both.test", "RSA-PSS+SHA256:RSA+SHA256", version) in ("RSA-PSS", "RSA")
    assert signature_of(proxy, "both.test", "ECDSA+SHA256", version) == "ECDSA"
    assert signature_of(proxy, "both.test", "RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA256", version) == "ECDSA"


def test_chain_is_sent_whole(serve_tls, authority, localhost, tmp_path):
    chain = tmp_path / "chain.crt"
    chain.write_text(localhost.certificate.read_text() + authority.certificate.read_text())
    proxy = serve_tls(Issued(chain, localhost.key))
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port}", "-showcerts"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout.count("-----BEGIN CERTIFICATE-----") == 2
