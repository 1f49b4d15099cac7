"""curl, as people use it: over an http and over an https proxy."""

import subprocess

import pytest

from harness.config import auth, config, http_connect, listener, tls_terminate, users


@pytest.fixture(params=["http", "https"])
def proxy(request, start, localhost, dns):
    """A proxy for alice over http or https; names are resolved by `dns`."""
    filters = [tls_terminate(localhost)] if request.param == "https" else []
    policy = {"rules": [
        {"deny": {"hosts": ["forbidden.test"]}},
        {"allow": {"networks": ["127.0.0.0/8", "::1/128"]}},
    ]}
    started = start(config(
        listener(*filters, auth(), http_connect(policy, connect_timeout="0.5s")),
        identity_providers=[users("alice:wonderland")],
        resolver={"servers": [dns.address]},
    ))
    started.scheme = request.param
    return started


@pytest.fixture
def curl(proxy, authority, tmp_path):
    """curl(url, ...) through the proxy: (exit status, status of the CONNECT, body)."""
    def run(url, *options, credentials="alice:wonderland"):
        login = f"{credentials}@" if credentials else ""
        body = tmp_path / "body"
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "20", "--output", body, "--write-out",
             "%{http_connect}", "--proxy", f"{proxy.scheme}://{login}localhost:{proxy.port}",
             "--proxy-cacert", authority.certificate, "--cacert", authority.certificate, "--noproxy", "",
             "--proxytunnel", *options, url],
            capture_output=True, text=True, timeout=60,
        )
        return done.returncode, int(done.stdout or 0), body.read_bytes() if body.exists() else b""
    return run


def test_right_password_reaches_the_site(curl, web_site):
    status, connect_status, body = curl(f"https://localhost:{web_site.port}/hello.txt")
    assert (status, connect_status, body) == (0, 200, b"hello through the tunnel\n")


def test_address_is_a_destination_as_well(curl, web_site):
    assert curl(f"https://127.0.0.1:{web_site.port}/hello.txt")[0] == 0


def test_large_file_arrives_whole(curl, web_site):
    content = bytes(range(256)) * 4096 * 16
    (web_site.folder / "large").write_bytes(content)
    assert curl(f"https://localhost:{web_site.port}/large") == (0, 200, content)


def test_wrong_password_gets_407(curl, web_site):
    status, connect_status, _ = curl(f"https://localhost:{web_site.port}/", credentials="alice:looking-glass")
    assert status != 0
    assert connect_status == 407
    assert web_site.requests == []


def test_no_password_gets_407_with_a_challenge(curl, web_site, tmp_path):
    heads = tmp_path / "heads"
    _, connect_status, _ = curl(f"https://localhost:{web_site.port}/", "--dump-header", heads, credentials=None)
    assert connect_status == 407
    challenges = [line for line in heads.read_text().splitlines() if line.lower().startswith("proxy-authenticate:")]
    assert [challenge.partition(": ")[2].lower().startswith("basic realm=") for challenge in challenges] == [True]


def test_curl_answers_the_challenge_by_itself(curl, web_site):
    # --proxy-anyauth asks without a password first, and again with it when the 407 has named Basic.
    status, connect_status, body = curl(f"https://localhost:{web_site.port}/hello.txt", "--proxy-anyauth")
    assert (status, connect_status, body) == (0, 200, b"hello through the tunnel\n")


def test_denied_host_gets_403(curl, dns, web_site):
    dns.add("forbidden.test", "127.0.0.1")
    assert curl(f"https://forbidden.test:{web_site.port}/")[1] == 403
    assert web_site.requests == []


def test_denied_address_gets_403(curl):
    assert curl("https://192.0.2.1:8443/")[1] == 403


def test_closed_port_gets_502(curl, free_port):
    assert curl(f"https://127.0.0.1:{free_port}/")[1] == 502


def test_unknown_name_gets_502(curl):
    assert curl("https://does-not-exist.invalid/")[1] == 502


def test_silent_destination_gets_504(curl, black_hole):
    assert curl(f"https://127.0.0.1:{black_hole.port}/")[1] == 504
