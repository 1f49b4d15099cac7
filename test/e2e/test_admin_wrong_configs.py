"""Configs that are wrong in different ways: each is refused with the right place, and traffic never stops."""

import grpc
import pytest

from harness.admin import refused, source
from harness.config import config, http_connect, listener
from harness.load import Load, tunnel_through
from harness.ports import free_port

GOOD = """\
process: {workers: 2, drain_timeout: 0.5s, state_directory: STATE}
identity_providers:
- name: staff
  users: [{name: alice, password: {inline_string: wonderland}}]
listeners:
- name: proxy
  address: 127.0.0.1:PORT
  chain_match_timeout: 3s
  filters:
  - tls_terminate:
      certificates:
      - certificate_chain: {filename: CERTIFICATE}
        private_key: {filename: KEY}
  - auth: {providers: [staff]}
  - http_connect:
      policy:
        rules:
        - allow: {networks: [127.0.0.0/8]}
- name: service
  address: 127.0.0.1:SERVICE_PORT
  filters:
  - tcp_proxy: {cluster: redis}
clusters:
- name: redis
  endpoints: [{address: "127.0.0.1:6379"}]
"""
POLICY = "listeners[0].filters[2].http_connect.policy.rules[0].allow"

# What is replaced in the good config by what; then where the error is: its path (its beginning), line and column.
WRONG = {
    "misspelt field": ("policy:", "polcy:", "listeners[0].filters[2].http_connect.polcy", 16, 7),
    "wrong type": ("workers: 2", "workers: two", "process.workers", 1, 11),
    "duration without a unit": ("3s", "3", "listeners[0].chain_match_timeout", 8, 3),
    "port that is none": ("127.0.0.1:PORT", "127.0.0.1:99999", "listeners[0].address", 7, 3),
    "cluster that is not there": ("cluster: redis", "cluster: rodis", "listeners[1].filters[0].tcp_proxy.cluster", 22, 17),
    "provider that is not there": ("[staff]", "[stuff]", "listeners[0].filters[1].auth.providers[0]", 14, 24),
    "certificate that is not there": ("CERTIFICATE", "/absent.crt",
                                      "listeners[0].filters[0].tls_terminate.certificates[0].certificate_chain", 12, 9),
    "key of another certificate": ("KEY", "OTHER_KEY", "listeners[0].filters[0].tls_terminate.certificates[0]", 13, 9),
    "network that is none": ("127.0.0.0/8", "127.0.0.0/99", POLICY + ".networks[0]", 18, 30),
    "filter that nobody knows": ("tcp_proxy:", "tcp_prxy:", "listeners[1].filters[0]", 22, 5),
    "name that is taken": ("- name: service", "- name: proxy", "listeners[1].name", 19, 3),
    "filter after the end": ("{cluster: redis}\n", "{cluster: redis}\n  - http_connect: {}\n",
                             "listeners[1].filters[1]", 23, 5),
    "broken YAML": ("[staff]", "[staff", "", 14, 29),
    "no endpoint": ('[{address: "127.0.0.1:6379"}]', "[]", "clusters[0].endpoints", 25, 3),
}


@pytest.fixture
def text(managed_proxy, localhost, authority):
    """The good config with its blanks filled; changed(old, new) is a wrong one."""
    blanks = {"STATE": managed_proxy.config["process"]["state_directory"], "SERVICE_PORT": str(free_port()),
              "PORT": str(managed_proxy.port), "CERTIFICATE": str(localhost.certificate),
              "OTHER_KEY": str(authority.issue("other").key), "KEY": str(localhost.key)}

    def changed(old, new):
        assert GOOD.count(old) == 1, old
        result = GOOD.replace(old, new)
        for blank, value in blanks.items():
            result = result.replace(blank, value)
        return result
    return changed


def misplaced(refusal, path, line, column):
    """What is wrong with where the refusal says the error is."""
    places = {found: place for found, place in refusal.places().items() if found.startswith(path)}
    if refusal.code != grpc.StatusCode.INVALID_ARGUMENT or set(refusal.violations) != set(refusal.places()):
        return f"{refusal}"
    if (line, column) not in places.values():
        return f"not {path} at {line}:{column} but {refusal.places()}"
    if not all(error.file == "noon.yaml" and error.message for error in refusal.errors):
        return f"{refusal.errors}"
    return None


def test_each_is_refused_with_its_place_while_traffic_flows(managed_proxy, text, cleanup):
    managed_proxy.admin.validate(text("workers", "workers"))
    load = Load(tunnel_through(managed_proxy.port), echo_port=free_port(), clients=8)
    cleanup.callback(load.close)
    load.wait_for(8)
    wrong_places = {}
    for case, (old, new, path, line, column) in WRONG.items():
        wrong = source(text(old, new), file_name="noon.yaml")
        for method in managed_proxy.admin.config.Apply, managed_proxy.admin.config.Validate:
            if problem := misplaced(refused(method, source=wrong), path, line, column):
                wrong_places[case] = problem
        load.wait_for(8)
    assert wrong_places == {}
    assert managed_proxy.admin.running_version() == 1
    load.finish()


def test_every_error_is_answered_at_once(managed_proxy):
    settings = config(listener(http_connect(idle_timeout="fast"), name="one"), {"name": "one", "adress": "x"},
                      clusters=[{"name": "c"}], state_directory=managed_proxy.config["process"]["state_directory"])
    refusal = refused(managed_proxy.admin.apply, settings)
    assert {"listeners[0].filters[0].http_connect.idle_timeout", "listeners[1].name", "listeners[1].adress",
            "clusters[0].endpoints"} <= set(refusal.violations)
    assert all(line > 0 and column > 0 for line, column in refusal.places().values())


def test_config_that_comes_as_a_message_has_paths_and_no_lines(managed_proxy):
    message = managed_proxy.admin.config.Get().config
    message.listeners[0].address = "127.0.0.1:99999"
    message.clusters.add(name="c")
    refusal = refused(managed_proxy.admin.apply, message)
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.places() == {"listeners[0].address": (0, 0), "clusters[0].endpoints": (0, 0)}
    assert "2 errors" in refusal.message


def test_a_thousand_errors_are_answered_as_far_as_they_fit(managed_proxy):
    settings = {**managed_proxy.config, "clusters": [{"name": f"c{number}"} for number in range(1000)]}
    refusal = refused(managed_proxy.admin.apply, settings)
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert "clusters[0].endpoints" in refusal.violations and "1000" in refusal.message
