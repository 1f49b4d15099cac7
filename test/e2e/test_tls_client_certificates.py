"""tls_terminate: certificates of clients."""

import ssl

import pytest

from harness import client
from harness.certificates import Authority


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    """Who signs the clients' certificates."""
    return Authority(tmp_path_factory.mktemp("clients"), "clients")


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("strangers"), "strangers")


@pytest.fixture
def gets_in(serve_tls, localhost, authority, clients, dial):
    """gets_in(certificate, ...): whether a client with that certificate, or none, reaches the service."""
    def attempt(certificate, mode="REQUIRED", version=ssl.TLSVersion.TLSv1_3, **fields):
        settings = {"mode": mode, "ca": {"filename": str(clients.certificate)}, **fields}
        attempt.proxy = serve_tls(localhost, client_certificate=settings)
        context = authority.client_context(certificate=certificate, minimum=version, maximum=version)
        try:
            # In TLS 1.3 a client hears only after its own handshake that it was refused.
            client.assert_echoes(dial(attempt.proxy.address(), context))
        except (ssl.SSLError, ConnectionError, EOFError):
            return False
        return True
    return attempt


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_required(gets_in, clients, strangers, version):
    assert gets_in(clients.issue("good", "DNS:app.test"), version=version)
    assert not gets_in(None, version=version)
    assert not gets_in(strangers.issue("bad", "DNS:app.test"), version=version)


def test_optional(gets_in, clients, strangers):
    assert gets_in(clients.issue("good", "DNS:app.test"), mode="OPTIONAL")
    assert gets_in(None, mode="OPTIONAL")
    assert not gets_in(strangers.issue("bad", "DNS:app.test"), mode="OPTIONAL")


def test_off_asks_for_none(gets_in, strangers):
    assert gets_in(None, mode="OFF")
    assert gets_in(strangers.issue("bad", "DNS:app.test"), mode="OFF")


def test_expired_certificate_is_refused(gets_in, clients):
    assert not gets_in(clients.issue("expired", "DNS:app.test", days=-1))


@pytest.mark.parametrize("allowed, names, expected", [
    (["app.test"], ["DNS:app.test"], True),
    (["app.test"], ["DNS:other.test"], False),
    (["app.test"], ["DNS:other.test", "DNS:app.test"], True),
    (["*.workers.test"], ["DNS:w1.workers.test"], True),
    (["*.workers.test"], ["DNS:workers.test"], False),
    (["10.0.0.7"], ["IP:10.0.0.7"], True),
    (["10.0.0.7"], ["DNS:10.0.0.7"], False),
    (["spiffe://test/app"], ["URI:spiffe://test/app"], True),
    (["spiffe://test/app"], ["URI:spiffe://test/application"], False),
    (["ops@example.test"], ["email:ops@example.test"], True),
])
def test_allowed_names(gets_in, clients, allowed, names, expected):
    assert gets_in(clients.issue("named", *names), allowed_names=allowed) == expected


def test_common_name_is_no_alternative_name(gets_in, clients):
    # issue() makes the first argument the common name.
    assert not gets_in(clients.issue("app.test", "DNS:other.test"), allowed_names=["app.test"])


def test_names_of_the_client_are_in_the_access_log(gets_in, clients):
    assert gets_in(clients.issue("logged", "DNS:app.test", "URI:spiffe://test/app"))
    gets_in.proxy.stop()
    record = gets_in.proxy.wait_for_record()
    names = " ".join(record.tls_client_names)
    assert "app.test" in names and "spiffe://test/app" in names
    assert "logged" in record.tls_client_subject


def test_refusal_is_in_the_access_log(gets_in):
    assert not gets_in(None)
    record = gets_in.proxy.wait_for_record()
    assert record.ended_by == "tls_terminate" and record.reason
