"""ConfigService: a config is replaced as a whole, or nothing changes."""

import os
import re

import grpc
import pytest

from harness import client
from harness.admin import message_of, refused, source
from harness.config import (DENY_LOOPBACK, cluster, config, http_connect, listener, tcp_proxy, tls_terminate,
                            with_listeners)
from harness.ports import is_listening
from harness.stubs import admin_config

Text = admin_config.Text
CHANGED, ADDED, REMOVED = (admin_config.Change.Kind.Value(kind) for kind in ("CHANGED", "ADDED", "REMOVED"))


def denying(proxy, **fields):
    """The proxy's config with a policy that refuses everyone."""
    return with_listeners(proxy.config, listener(http_connect(DENY_LOOPBACK), port=proxy.port), **fields)


@pytest.fixture
def is_unchanged(managed_proxy, echo_server):
    """Whether the proxy is as it was when the test began."""
    def check():
        history = managed_proxy.admin.config.History()
        assert (history.running_version, len(history.versions)) == (1, 1)
        return client.status_of(managed_proxy.address(), echo_server.address) == 200
    return check


TEXTPROTO = """
process { workers: 2 drain_timeout { nanos: 500000000 } state_directory: "%s" }
listeners {
  name: "proxy"
  address: "127.0.0.1:%d"
  filters {
    name: "http_connect"
    typed_config {
      [type.googleapis.com/culvert.extensions.http_connect.v1.HttpConnect] {
        policy { rules { deny { networks: "127.0.0.0/8" } } }
      }
    }
  }
}
access_log { filename: "/dev/stdout" }
"""
YAML = """
process: {workers: 2, drain_timeout: 0.5s, state_directory: "%s"}
listeners:
- name: proxy
  address: 127.0.0.1:%d
  filters:
  - http_connect: {policy: {rules: [{deny: {networks: ["127.0.0.0/8"]}}]}}
access_log: [{filename: /dev/stdout}]
"""


@pytest.mark.parametrize("form", ["message", "JSON", "YAML", "TEXTPROTO"])
def test_config_is_taken_in_every_form_and_new_connections_get_it(managed_proxy, echo_server, tunnel, form):
    before = tunnel(managed_proxy.address(), echo_server.address)
    state = managed_proxy.config["process"]["state_directory"]
    settings = {
        "message": lambda: source(message_of(denying(managed_proxy))),
        "JSON": lambda: source(denying(managed_proxy)),
        "YAML": lambda: source(YAML % (state, managed_proxy.port)),
        "TEXTPROTO": lambda: source(TEXTPROTO % (state, managed_proxy.port), text_format=Text.TEXTPROTO),
    }[form]()
    managed_proxy.admin.config.Apply(source=settings)
    assert client.status_of(managed_proxy.address(), echo_server.address) == 403
    client.assert_echoes(before, b"x" * 100_000)


def test_answer_is_the_new_version(managed_proxy):
    answer = managed_proxy.admin.apply(denying(managed_proxy), label="ticket 42")
    version = answer.version
    assert (version.number, version.origin, version.label) == (2, "api", "ticket 42")
    assert version.author == f"uid {os.getuid()}"
    assert re.fullmatch("[0-9a-f]{64}", version.checksum)
    assert version.applied.seconds > 1_600_000_000
    assert managed_proxy.admin.config.Get().version == version


def test_answer_is_what_changed_by_name(start_managed):
    listeners = [listener(http_connect(), name=name) for name in ("kept", "changed", "removed")]
    proxy = start_managed(config(*listeners, clusters=[cluster("old", "127.0.0.1:1"), cluster("same", "127.0.0.1:2")]))
    changed = {**listeners[1], "filters": [http_connect(DENY_LOOPBACK, idle_timeout="7s")], "max_connections": 5}
    settings = with_listeners(proxy.config, listener(tcp_proxy("same"), name="added"), changed, listeners[0],
                              clusters=[cluster("same", "127.0.0.1:2"), cluster("new", "127.0.0.1:3")])
    changes = {(one.what, one.name): one for one in proxy.admin.apply(settings).changes}
    assert {key: one.kind for key, one in changes.items()} == {
        ("listener", "changed"): CHANGED, ("listener", "added"): ADDED, ("listener", "removed"): REMOVED,
        ("cluster", "old"): REMOVED, ("cluster", "new"): ADDED}
    fields = sorted(changes["listener", "changed"].fields)
    assert "max_connections" in fields and "filters[0].http_connect.idle_timeout" in fields
    assert any(field.startswith("filters[0].http_connect.policy") for field in fields)


def test_the_same_config_again_makes_no_version(managed_proxy):
    answer = managed_proxy.admin.apply(managed_proxy.config)
    assert answer.version.number == 1 and not answer.changes
    assert managed_proxy.admin.running_version() == 1


def test_expected_version_is_compared(managed_proxy, is_unchanged):
    refusal = refused(managed_proxy.admin.apply, denying(managed_proxy), expected_version=7)
    assert refusal.code == grpc.StatusCode.ABORTED
    assert "1" in refusal.message and "7" in refusal.message
    assert is_unchanged()
    assert managed_proxy.admin.apply(denying(managed_proxy), expected_version=1).version.number == 2
    refusal = refused(managed_proxy.admin.apply, managed_proxy.config, expected_version=1)
    assert refusal.code == grpc.StatusCode.ABORTED, "another writer was first"


def test_dry_run_does_everything_but_the_change(managed_proxy, is_unchanged):
    answer = managed_proxy.admin.apply(denying(managed_proxy), dry_run=True)
    assert answer.version.number == 1
    assert [one.name for one in answer.changes] == ["proxy"]
    assert is_unchanged()
    wrong = with_listeners(managed_proxy.config, listener(tcp_proxy("nowhere")))
    assert refused(managed_proxy.admin.apply, wrong, dry_run=True).code == grpc.StatusCode.INVALID_ARGUMENT
    refusal = refused(managed_proxy.admin.apply, denying(managed_proxy), dry_run=True, expected_version=9)
    assert refusal.code == grpc.StatusCode.ABORTED


def test_validate_changes_nothing(managed_proxy, is_unchanged):
    answer = managed_proxy.admin.validate(denying(managed_proxy, clusters=[cluster("c", "127.0.0.1:1")]))
    assert (answer.listeners, answer.clusters) == (1, 1)
    wrong = denying(managed_proxy, clusters=[{"name": "c"}])
    refusal = refused(managed_proxy.admin.validate, wrong)
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert "clusters[0].endpoints" in refusal.violations
    assert is_unchanged()


def test_change_of_the_process_is_refused_with_its_fields(managed_proxy, is_unchanged):
    settings = denying(managed_proxy)
    settings["process"] = {**settings["process"], "workers": 1, "node": {"id": "other"}}
    for call in managed_proxy.admin.apply, managed_proxy.admin.validate:
        refusal = refused(call, settings)
        assert refusal.code == grpc.StatusCode.FAILED_PRECONDITION
        fields = {field.removeprefix("process.").partition(".")[0] for field in refusal.preconditions}
        assert fields == {"node", "workers"}
        assert "workers" in refusal.message and "restart" in refusal.message
    assert is_unchanged()


def test_one_address_that_is_taken_and_nothing_changes(managed_proxy, is_unchanged, echo_server):
    first, second = listener(http_connect(), name="first"), listener(http_connect(), name="last")
    taken = listener(http_connect(), name="taken", port=echo_server.port)
    denied = listener(http_connect(DENY_LOOPBACK), port=managed_proxy.port)
    refusal = refused(managed_proxy.admin.apply, with_listeners(managed_proxy.config, denied, first, taken, second))
    assert refusal.code == grpc.StatusCode.FAILED_PRECONDITION
    assert str(echo_server.port) in refusal.message
    assert is_unchanged()
    for entry in first, second:
        assert not is_listening(int(entry["address"].rpartition(":")[2]))


def test_one_certificate_that_cannot_be_read_and_nothing_changes(managed_proxy, is_unchanged, localhost, tmp_path):
    settings = denying(managed_proxy)
    secure = listener(tls_terminate(localhost), http_connect(), name="secure")
    secure["filters"][0]["tls_terminate"]["certificates"][0]["private_key"] = {"filename": str(tmp_path / "absent.key")}
    settings["listeners"].append(secure)
    refusal = refused(managed_proxy.admin.apply, settings)
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    path = "listeners[1].filters[0].tls_terminate.certificates[0].private_key"
    assert list(refusal.violations) == [path] and "absent.key" in refusal.violations[path]
    assert is_unchanged()


def test_warnings_are_answered(managed_proxy, authority):
    expired = authority.issue("expired", "DNS:localhost", days=-1)
    settings = with_listeners(managed_proxy.config, listener(tls_terminate(expired), http_connect()))
    for call in managed_proxy.admin.validate, managed_proxy.admin.apply:
        assert re.search(r"listeners\[0\].*certificates\[0\].*expired", "\n".join(call(settings).warnings))


def test_relative_file_names_start_at_the_base_directory(managed_proxy, localhost):
    entry = {"certificate_chain": {"filename": localhost.certificate.name}, "private_key": {"filename": localhost.key.name}}
    settings = with_listeners(managed_proxy.config, listener({"tls_terminate": {"certificates": [entry]}}, http_connect()))
    folder = str(localhost.certificate.parent)
    assert refused(managed_proxy.admin.validate, settings).code == grpc.StatusCode.INVALID_ARGUMENT
    managed_proxy.admin.validate(settings, base_directory=folder)
    managed_proxy.admin.apply(settings, base_directory=folder)
    # From now on those of the running config are what counts where none is named.
    settings["listeners"][0]["max_connections"] = 9
    assert managed_proxy.admin.apply(settings).version.number == 3


def test_text_of_no_format_and_no_config_at_all(managed_proxy, is_unchanged):
    nothing = admin_config.ConfigSource()
    unspecified = admin_config.ConfigSource(text=Text(content="listeners: []"))
    for wrong in nothing, unspecified:
        for method in managed_proxy.admin.config.Apply, managed_proxy.admin.config.Validate:
            assert refused(method, source=wrong).code == grpc.StatusCode.INVALID_ARGUMENT
    assert is_unchanged()


def test_message_that_is_too_large_is_refused(start_managed):
    proxy = start_managed(config(listener(http_connect()), admin={"max_message_size": "64KiB"}))
    refusal = refused(proxy.admin.apply, "# " + "x" * 100_000)
    assert refusal.code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert proxy.admin.running_version() == 1
