"""ConfigService: the versions of the config, what differs between them, the way back, and who is told."""

import threading

import grpc
import pytest

from harness import client
from harness.admin import message_of, refused, source
from harness.config import (DENY_LOOPBACK, auth, cluster, config, http_connect, listener, tls_terminate, users,
                            with_listeners)
from harness.waiting import eventually

PASSWORD = "hush-hush-word"


def limited(proxy, connections):
    """The proxy's config with another limit."""
    return with_listeners(proxy.config, {**proxy.config["listeners"][0], "max_connections": connections})


@pytest.fixture
def keeper(start_managed, localhost):
    """A proxy whose config holds secrets: a password and a private key."""
    inline = {"certificate_chain": {"filename": str(localhost.certificate)},
              "private_key": {"inline_string": localhost.key.read_text()}}
    return start_managed(config(
        listener({"tls_terminate": {"certificates": [inline]}}, auth(), http_connect()),
        identity_providers=[users(f"alice:{PASSWORD}")]))


def test_get_returns_what_runs_and_any_version_that_is_kept(managed_proxy):
    first = managed_proxy.admin.config.Get()
    assert first.version.number == 1 and first.version.origin.startswith("file ")
    assert first.config == message_of(managed_proxy.config)
    managed_proxy.admin.apply(limited(managed_proxy, 5))
    running = managed_proxy.admin.config.Get()
    assert running.version.number == 2 and running.config.listeners[0].max_connections == 5
    assert managed_proxy.admin.config.Get(version=1) == first
    assert refused(managed_proxy.admin.config.Get, version=3).code == grpc.StatusCode.NOT_FOUND


def test_what_get_returns_can_be_applied(managed_proxy):
    answer = managed_proxy.admin.config.Get()
    for again in answer.yaml, answer.config:
        assert not managed_proxy.admin.apply(again).changes
    assert "http_connect:" in answer.yaml and "typed_config" not in answer.yaml


def test_secrets_are_never_returned(keeper, localhost):
    key_line = localhost.key.read_text().splitlines()[1]
    other = {**keeper.config, "identity_providers": [users("alice:another-word")]}
    service = keeper.admin.config
    answers = [service.Get(), service.Diff(source=source(other)), keeper.admin.validate(other),
               keeper.admin.apply(other), service.Get(version=1), service.Diff(to_version=1), service.History()]
    for answer in answers:
        text = str(answer)
        assert PASSWORD not in text and "another-word" not in text and key_line not in text
    assert "[redacted]" in answers[0].yaml and "[redacted]" in str(answers[0].config)
    assert [(one.what, one.name) for one in answers[3].changes] == [("identity_provider", "users")]


def test_secrets_are_not_in_errors_either(keeper):
    wrong = {**keeper.config, "identity_providers": [
        {"name": "users", "users": [{"name": "alice", "password": {"inline_strng": PASSWORD}}]}]}
    refusal = refused(keeper.admin.apply, wrong)
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert PASSWORD not in f"{refusal.message} {refusal.violations} {refusal.errors}"


def test_redacted_config_is_not_applied(keeper, echo_server, trust):
    answer = keeper.admin.config.Get()
    for redacted in answer.config, answer.yaml:
        refusal = refused(keeper.admin.apply, redacted)
        assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
        assert any(path.startswith("identity_providers[0].users") and "password" in path for path in refusal.violations)
        assert any(path.startswith("listeners[0].filters[0].tls_terminate") for path in refusal.violations)
    client.open_tunnel(keeper.address(), echo_server.address, f"alice:{PASSWORD}", trust).close()


def test_diff_against_a_source_and_between_versions(managed_proxy):
    changed = limited(managed_proxy, 5)
    answer = managed_proxy.admin.config.Diff(source=source(changed))
    assert [(one.what, one.name, list(one.fields)) for one in answer.changes] == [
        ("listener", "proxy", ["max_connections"])]
    added = [line for line in answer.unified.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert [line[1:].strip() for line in added] == ["max_connections: 5"]
    managed_proxy.admin.apply(changed)
    managed_proxy.admin.apply(with_listeners(changed, *changed["listeners"], clusters=[cluster("c", "127.0.0.1:1")]))
    between = managed_proxy.admin.config.Diff(from_version=1, to_version=2)
    assert between.changes == answer.changes
    assert between.unified.splitlines()[2:] == answer.unified.splitlines()[2:], "all but what the two are called"
    back = managed_proxy.admin.config.Diff(to_version=1)
    assert {(one.what, one.name) for one in back.changes} == {("listener", "proxy"), ("cluster", "c")}
    assert "-" in back.unified


def test_diff_of_the_same_is_empty_and_of_what_is_wrong_an_error(managed_proxy):
    answer = managed_proxy.admin.config.Diff(source=source(managed_proxy.config))
    assert not answer.changes and not answer.unified
    for fields in {"to_version": 9}, {"to_version": 1, "from_version": 9}:
        assert refused(managed_proxy.admin.config.Diff, **fields).code == grpc.StatusCode.NOT_FOUND
    refusal = refused(managed_proxy.admin.config.Diff, source=source("listeners: 5"))
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT and "listeners" in refusal.violations


def test_history_is_newest_first(managed_proxy):
    for number in 5, 6:
        managed_proxy.admin.apply(limited(managed_proxy, number), label=f"to {number}")
    history = managed_proxy.admin.config.History()
    assert history.running_version == 3
    assert [(one.number, one.label) for one in history.versions] == [(3, "to 6"), (2, "to 5"), (1, "")]


def test_only_so_many_versions_are_kept(start_managed):
    proxy = start_managed(config(listener(http_connect()), max_kept_versions=2))
    for number in range(2, 7):
        proxy.admin.apply(limited(proxy, number))
    assert [one.number for one in proxy.admin.config.History().versions] == [6, 5, 4]
    assert refused(proxy.admin.config.Get, version=3).code == grpc.StatusCode.NOT_FOUND


def test_rollback_is_a_new_version(managed_proxy, echo_server):
    denied = with_listeners(managed_proxy.config, listener(http_connect(DENY_LOOPBACK), port=managed_proxy.port))
    managed_proxy.admin.apply(denied)
    assert client.status_of(managed_proxy.address(), echo_server.address) == 403
    answer = managed_proxy.admin.config.Rollback(version=1, label="that was wrong")
    assert (answer.version.number, answer.version.origin) == (3, "rollback to 1")
    assert answer.version.label == "that was wrong"
    assert [(one.what, one.name) for one in answer.changes] == [("listener", "proxy")]
    assert client.status_of(managed_proxy.address(), echo_server.address) == 200
    managed_proxy.admin.config.Rollback(version=2)
    assert client.status_of(managed_proxy.address(), echo_server.address) == 403


def test_rollback_that_is_refused(managed_proxy):
    service = managed_proxy.admin.config
    managed_proxy.admin.apply(limited(managed_proxy, 5))
    assert refused(service.Rollback, version=9).code == grpc.StatusCode.NOT_FOUND
    assert refused(service.Rollback, version=1, expected_version=1).code == grpc.StatusCode.ABORTED
    assert managed_proxy.admin.running_version() == 2
    assert service.Rollback(version=1, expected_version=2).version.number == 3


def test_rollback_to_what_cannot_be_had_any_more_changes_nothing(start_managed, authority, localhost):
    short_lived = authority.issue("short_lived", "DNS:localhost")
    proxy = start_managed(config(listener(tls_terminate(short_lived), http_connect())))
    proxy.admin.apply(with_listeners(proxy.config, listener(tls_terminate(localhost), http_connect(), port=proxy.port)))
    short_lived.key.unlink()
    refusal = refused(proxy.admin.config.Rollback, version=1)
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert any("private_key" in path for path in refusal.violations)
    assert proxy.admin.running_version() == 2


def test_watch_tells_the_running_version_and_each_new_one(managed_proxy, connect_admin):
    watches = [managed_proxy.admin.config.Watch(), connect_admin(managed_proxy).config.Watch()]
    for watch in watches:
        assert next(watch).number == 1
    applied = managed_proxy.admin.apply(limited(managed_proxy, 5)).version
    rolled_back = managed_proxy.admin.config.Rollback(version=1).version
    for watch in watches:
        assert [next(watch), next(watch)] == [applied, rolled_back]
        watch.cancel()


def test_only_so_many_may_watch(start_managed):
    proxy = start_managed(config(listener(http_connect()), admin={"max_watches": 2}))
    watches = [proxy.admin.config.Watch() for _ in range(2)]
    for watch in watches:
        next(watch)
    assert refused(proxy.admin.config.Watch).code == grpc.StatusCode.RESOURCE_EXHAUSTED
    watches[0].cancel()
    eventually(lambda: _is_watching(proxy), what="a place to watch")


def _is_watching(proxy):
    watch = proxy.admin.config.Watch()
    try:
        return next(watch).number == 1
    except grpc.RpcError:
        return False
    finally:
        watch.cancel()


def test_two_writers_that_compare_lose_no_change(managed_proxy, connect_admin):
    """Each adds its clusters to what it has read, and tries again when the other was first."""
    def add(name):
        admin = connect_admin(managed_proxy)
        for number in range(10):
            while True:
                answer = admin.config.Get()
                answer.config.clusters.add(name=f"{name}{number}").endpoints.add(address="127.0.0.1:1")
                try:
                    admin.apply(answer.config, expected_version=answer.version.number)
                    break
                except grpc.RpcError as error:
                    assert error.code() == grpc.StatusCode.ABORTED, error.details()

    writers = [threading.Thread(target=add, args=(name,)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    names = {one.name for one in managed_proxy.admin.config.Get().config.clusters}
    assert names == {f"{name}{number}" for name in "ab" for number in range(10)}
    assert managed_proxy.admin.running_version() == 21
