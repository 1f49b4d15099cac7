"""auth: who comes in, with which password files, and what a guesser meets."""

import base64
import hashlib
import subprocess
import threading

import pytest

from harness import client
from harness.config import auth, config, http_connect, listener, users
from harness.waiting import Stopwatch, eventually


def htpasswd_line(user, password, kind, cost=6):
    """A line of an htpasswd file as Apache's and OpenSSL's own tools write it; `cost` is that of bcrypt."""
    if kind == "sha1":
        digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
        return f"{user}:{{SHA}}{digest}"
    if kind == "bcrypt":
        done = subprocess.run(["htpasswd", "-nbB", "-C", str(cost), user, password],
                              capture_output=True, text=True, check=True)
        return done.stdout.strip()
    done = subprocess.run(["openssl", "passwd", {"sha256": "-5", "sha512": "-6"}[kind], password],
                          capture_output=True, text=True, check=True)
    return f"{user}:{done.stdout.strip()}"


@pytest.fixture
def with_file(start, tmp_path):
    """with_file(lines...) runs a CONNECT proxy for the users of an htpasswd file; returns both."""
    def run(*lines, **fields):
        file = tmp_path / "users.htpasswd"
        file.write_text("\n".join(lines) + "\n")
        proxy = start(config(
            listener(auth(failure_delay="0.001s", maximum_failure_delay="0.001s", **fields), http_connect()),
            identity_providers=[{"name": "users", "htpasswd": {"filename": str(file), "groups": ["staff"]}}]))
        return proxy, file
    return run


@pytest.fixture
def with_users(start):
    def run(*pairs, groups=(), policy=None, **fields):
        return start(config(listener(auth(**fields), http_connect(policy)),
                            identity_providers=[users(*pairs, groups=groups)]))
    return run


def status(proxy, server, credentials, headers=()):
    connection, reply = client.connect(proxy.address(), server.address, credentials, headers=headers)
    connection.close()
    return reply.status


@pytest.mark.parametrize("kind", ["bcrypt", "sha256", "sha512", "sha1"])
def test_htpasswd_formats(with_file, echo_server, kind):
    proxy, _ = with_file(htpasswd_line("alice", "wonder land", kind))
    assert status(proxy, echo_server, "alice:wonder land") == 200
    assert status(proxy, echo_server, "alice:wonder lan") == 407
    assert status(proxy, echo_server, "Alice:wonder land") == 407
    assert status(proxy, echo_server, "bob:wonder land") == 407


def test_password_may_hold_colons_and_unicode(with_users, echo_server):
    proxy = with_users("alice:a:b:ünï", failure_delay="0.001s")
    assert status(proxy, echo_server, "alice:a:b:ünï") == 200
    assert status(proxy, echo_server, "alice:a") == 407


def test_file_is_read_again_when_it_changes(with_file, echo_server):
    proxy, file = with_file(htpasswd_line("alice", "old", "sha1"), success_cache="0s")
    assert status(proxy, echo_server, "alice:old") == 200
    replacement = file.with_suffix(".new")
    replacement.write_text(htpasswd_line("alice", "new", "sha1") + "\n")
    replacement.rename(file)
    eventually(lambda: status(proxy, echo_server, "alice:new") == 200, what="the new password")
    assert status(proxy, echo_server, "alice:old") == 407


def test_broken_file_leaves_the_users_that_were_known(with_file, echo_server):
    proxy, file = with_file(htpasswd_line("alice", "old", "sha1"), success_cache="0s")
    file.write_text("this is no password file\n")
    proxy.wait_for_log("users.htpasswd", timeout=20)
    assert status(proxy, echo_server, "alice:old") == 200


@pytest.mark.parametrize("header", [
    "Basic", "Basic ", "Basic !!!", "Basic YWxpY2U=", "Bearer YWxpY2U6d29uZGVybGFuZA==", "Basic YWxpY2U6d29uZGVybGFuZA",
    "Digest username=alice", "YWxpY2U6d29uZGVybGFuZA==", "Basic " + "A" * 10_000,
])
def test_credentials_that_are_none_get_407(with_users, echo_server, header):
    proxy = with_users("alice:wonderland", failure_delay="0.001s")
    assert status(proxy, echo_server, None, [f"Proxy-Authorization: {header}"]) == 407


def test_scheme_is_known_in_any_case(with_users, echo_server):
    proxy = with_users("alice:wonderland")
    header = "Proxy-Authorization: bAsIc " + client.basic("alice:wonderland").partition(" ")[2]
    assert status(proxy, echo_server, None, [header]) == 200


def test_authorization_header_does_not_count_for_a_proxy_request(with_users, echo_server):
    proxy = with_users("alice:wonderland")
    assert status(proxy, echo_server, None, ["Authorization: " + client.basic("alice:wonderland")]) == 407


def test_credentials_given_twice_are_refused(with_users, echo_server):
    proxy = with_users("alice:wonderland", failure_delay="0.001s")
    header = "Proxy-Authorization: " + client.basic("alice:wonderland")
    assert status(proxy, echo_server, None, [header, header]) in (400, 407)


def test_other_requests_get_401(start):
    proxy = start(config(listener(auth(realm="inside"), {"metrics": {}}), identity_providers=[users("alice:a")]))
    head = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    refused = client.exchange(proxy.address(), f"{head}\r\n".encode())
    assert refused.status == 401
    assert refused.header("WWW-Authenticate").startswith('Basic realm="inside"')
    assert refused.header("Proxy-Authenticate") is None
    allowed = client.exchange(proxy.address(), f"{head}Authorization: {client.basic('alice:a')}\r\n\r\n".encode())
    assert allowed.status == 200


def test_first_provider_that_knows_the_user_decides(start, echo_server):
    providers = [users("alice:one", name="first"), users("alice:two", "bob:three", name="second")]
    proxy = start(config(listener(auth("first", "second", failure_delay="0.001s"), http_connect()),
                         identity_providers=providers))
    assert status(proxy, echo_server, "alice:one") == 200
    assert status(proxy, echo_server, "alice:two") == 407
    assert status(proxy, echo_server, "bob:three") == 200


def test_identity_is_in_the_access_log_and_the_password_nowhere(with_users, echo_server):
    proxy = with_users("alice:a-very-secret-word", groups=["ops", "dev"], failure_delay="0.001s")
    assert status(proxy, echo_server, "alice:a-very-secret-word") == 200
    record = proxy.wait_for_record(lambda record: record.status == 200)
    assert (record.identity, record.groups) == ("alice", ["ops", "dev"])
    assert status(proxy, echo_server, "alice:a-very-secret-wrong-word") == 407
    refused = proxy.wait_for_record(lambda record: record.status == 407)
    assert refused.ended_by == "auth"
    encoded = client.basic("alice:a-very-secret-word").partition(" ")[2]
    proxy.stop()
    everything = proxy.text + "\n".join(record.line for record in proxy.records())
    assert "a-very-secret" not in everything and encoded not in everything


def test_failures_of_a_source_are_answered_slower_and_slower(start, echo_server):
    # One worker: each counts the failures that it sees.
    proxy = start(config(listener(auth(failure_delay="0.1s", maximum_failure_delay="0.8s"), http_connect()),
                         identity_providers=[users("alice:right")], workers=1))
    times = []
    for number in range(4):
        watch = Stopwatch()
        assert status(proxy, echo_server, f"alice:guess{number}") == 407
        times.append(watch.seconds)
    assert times[3] > 0.3, times
    assert sum(times) < 10, "and never slower than the limit"


def test_slowed_down_guesser_does_not_slow_down_other_sources(with_users, echo_server):
    proxy = with_users("alice:right", "bob:b", failure_delay="0.5s", maximum_failure_delay="8s")
    guessers = []
    for number in range(4):
        guesser = client.dial(proxy.address(), source="127.0.0.9")
        guesser.sendall(client.connect_head(echo_server.address, f"alice:guess{number}"))
        guessers.append(guesser)
    watch = Stopwatch()
    assert status(proxy, echo_server, "bob:b") == 200
    assert watch.seconds < 2
    for guesser in guessers:
        guesser.close()


def test_hashing_does_not_stop_the_event_loop(start, echo_server, tmp_path):
    """bcrypt with a high cost takes long; meanwhile the only worker carries the bytes of its other tunnels."""
    file = tmp_path / "users.htpasswd"
    file.write_text(htpasswd_line("slow", "word", "bcrypt", 13) + "\n" + htpasswd_line("fast", "word", "sha1") + "\n")
    provider = {"name": "users", "htpasswd": {"filename": str(file)}}
    proxy = start(config(listener(auth(), http_connect()), identity_providers=[provider], workers=1))
    other = client.open_tunnel(proxy.address(), echo_server.address, "fast:word")
    hashing = threading.Thread(target=lambda: client.open_tunnel(
        proxy.address(), echo_server.address, "slow:word").close())
    watch = Stopwatch()
    hashing.start()
    longest = 0
    while hashing.is_alive():
        echo_time = Stopwatch()
        client.assert_echoes(other)
        longest = max(longest, echo_time.seconds)
    hashing.join()
    other.close()
    assert watch.seconds > 0.1, "hashing took no time: the test shows nothing"
    assert longest < watch.seconds / 2


def test_many_wrong_passwords_do_not_hold_up_other_clients(start, echo_server, tmp_path, tunnel):
    file = tmp_path / "users.htpasswd"
    file.write_text(htpasswd_line("slow", "word", "bcrypt", 10) + "\n" + htpasswd_line("known", "word", "bcrypt") + "\n")
    provider = {"name": "users", "htpasswd": {"filename": str(file)}}
    proxy = start(config(listener(auth(), http_connect()), identity_providers=[provider], workers=1))
    other = tunnel(proxy.address(), echo_server.address, "known:word")
    guessers = [client.dial(proxy.address(), source=f"127.0.1.{number}") for number in range(1, 51)]
    for number, guesser in enumerate(guessers):
        guesser.sendall(client.connect_head(echo_server.address, f"slow:guess{number}"))
    for _ in range(30):
        watch = Stopwatch()
        client.assert_echoes(other)
        assert status(proxy, echo_server, "known:word") == 200
        assert watch.seconds < 0.5
    for guesser in guessers:
        guesser.close()


def test_credentials_do_not_reach_the_destination(with_users, serve):
    def say_what_came(connection):
        connection.sendall(connection.recv(65536))

    proxy = with_users("alice:wonderland")
    destination = serve(say_what_came).address
    connection, reply = client.connect(proxy.address(), destination, "alice:wonderland", early=b"the first bytes")
    with connection:
        assert reply.status == 200
        # The echo may come together with the reply's head.
        assert reply.rest + client.read_to_end(connection) == b"the first bytes"


def test_right_password_is_hashed_once_within_the_cache_time(start, echo_server, tmp_path):
    (tmp_path / "users.htpasswd").write_text(htpasswd_line("alice", "word", "bcrypt", 12) + "\n")
    provider = {"name": "users", "htpasswd": {"filename": str(tmp_path / "users.htpasswd")}}
    proxy = start(config(listener(auth(), http_connect()), identity_providers=[provider], workers=1))
    first = Stopwatch()
    assert status(proxy, echo_server, "alice:word") == 200
    first = first.seconds
    again = Stopwatch()
    for _ in range(10):
        assert status(proxy, echo_server, "alice:word") == 200
    assert again.seconds < first * 5, "ten of them are faster than five hashes"
