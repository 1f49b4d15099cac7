"""culvertctl: each command does what it says, in words and as JSON; exit status 0 done, 1 no, 2 wrong usage."""

import json
import re

import pytest

from harness import client
from harness.config import (DENY_LOOPBACK, auth, cluster, config, http_connect, listener, tls_terminate, users,
                            with_listeners)
from harness.culvertctl import Culvertctl
from harness.waiting import eventually

PASSWORD = "hush-hush-word"


@pytest.fixture
def proxy(start_managed, localhost):
    return start_managed(config(
        listener(auth(), http_connect()), listener(tls_terminate(localhost), http_connect(), name="secure"),
        clusters=[cluster("pool", "127.0.0.1:1")], identity_providers=[users(f"alice:{PASSWORD}", "bob:b")],
        drain_timeout="30s"))


@pytest.fixture
def ctl(proxy):
    return Culvertctl(proxy.admin_address)


@pytest.fixture
def file(tmp_path):
    """file(config): writes it; returns the path."""
    def write(settings, name="change.json"):
        path = tmp_path / name
        path.write_text(settings if isinstance(settings, str) else json.dumps(settings, indent=1))
        return path
    return write


@pytest.fixture
def denying(proxy, file):
    """A file whose config refuses everyone."""
    first, second = proxy.config["listeners"]
    return file(with_listeners(proxy.config, {**first, "filters": [auth(), http_connect(DENY_LOOPBACK)]}, second))


def status(proxy, server):
    return client.status_of(proxy.address(), server.address, f"alice:{PASSWORD}")


def test_apply(ctl, proxy, denying, echo_server):
    text = ctl.text("apply", "-f", denying, "--label", "no entry", "--expected-version", 1)
    assert "version 2" in text and "listener proxy" in text and "http_connect.policy" in text
    assert status(proxy, echo_server) == 403
    assert "nothing changed" in ctl.text("apply", "-f", denying)


def test_apply_as_json(ctl, denying):
    answer = ctl.json("apply", "-f", denying, "--label", "no entry")
    assert (answer["version"]["number"], answer["version"]["label"]) == ("2", "no entry")
    assert [(one["kind"], one["what"], one["name"]) for one in answer["changes"]] == [("CHANGED", "listener", "proxy")]


def test_apply_from_standard_input_and_by_dry_run(ctl, proxy, denying, echo_server):
    assert "would change" in ctl.text("apply", "-f", "-", "--format", "json", "--dry-run", given=denying.read_text())
    assert status(proxy, echo_server) == 200
    ctl.text("apply", "-f", "-", "--format", "json", given=denying.read_text())
    assert status(proxy, echo_server) == 403


def test_relative_names_start_at_the_files_folder(ctl, proxy, file, localhost, tmp_path):
    for part in localhost.certificate, localhost.key:
        (tmp_path / part.name).write_bytes(part.read_bytes())
    settings = json.loads(json.dumps(proxy.config).replace(str(localhost.certificate.parent) + "/", ""))
    ctl.text("apply", "-f", file(settings))


def test_apply_that_another_writer_was_first_to(ctl, denying):
    said = ctl.refusal("apply", "-f", denying, "--expected-version", 7)
    assert "7" in said and "1" in said
    assert ctl.json("history")["running_version"] == "1"


def test_errors_of_a_config_have_their_places(ctl, proxy, file):
    wrong = file("""\
listeners:
- name: proxy
  address: 127.0.0.1:1
  filters:
  - http_connect:
      polcy: {}
""", "wrong.yaml")
    for command in "apply", "validate", "diff":
        said = ctl.refusal(command, "-f", wrong)
        assert re.search(r"wrong\.yaml:6:7: listeners\[0\]\.filters\[0\]\.http_connect\.polcy: .*'policy'", said), said
    done = ctl("validate", "-f", wrong, "--output", "json")
    assert done.returncode == 1
    (error,) = json.loads(done.stdout)["errors"]
    assert (error["line"], error["column"]) == (6, 7)


def test_change_that_needs_a_restart_is_told_with_its_fields(ctl, proxy, file):
    settings = {**proxy.config, "process": {**proxy.config["process"], "workers": 1}}
    said = ctl.refusal("apply", "-f", file(settings))
    assert "workers" in said and "restart" in said


def test_validate(ctl, denying):
    text = ctl.text("validate", "-f", denying)
    assert "2 listeners" in text and "1 cluster" in text and len(text.splitlines()) == 1
    assert ctl.json("validate", "-f", denying)["listeners"] == 2


def test_diff(ctl, denying, proxy, file):
    text = ctl.text("diff", "-f", denying)
    assert "listener proxy" in text and re.search(r"^\+.*deny", text, re.M) and re.search(r"^-.*allow", text, re.M)
    assert "\033" not in text, "no colours in a pipe"
    assert ctl("diff", "-f", denying, "--exit-code").returncode == 1
    assert "nothing" in ctl.text("diff", "-f", file(proxy.config, "same.json"))
    ctl.text("apply", "-f", denying)
    assert ctl.json("diff", 1, 2)["changes"][0]["name"] == "proxy"


def test_get(ctl, denying):
    text = ctl.text("get")
    assert "listeners:" in text and "[redacted]" in text and PASSWORD not in text
    assert ctl.json("get")["config"]["listeners"][0]["name"] == "proxy"
    ctl.text("apply", "-f", denying)
    assert ctl.text("get", 1) == text != ctl.text("get")
    assert "9" in ctl.refusal("get", 9)


def test_history_and_rollback(ctl, proxy, denying, echo_server):
    ctl.text("apply", "-f", denying, "--label", "no entry")
    assert "version 3" in ctl.text("rollback", 1, "--label", "sorry")
    assert status(proxy, echo_server) == 200
    rows = ctl.text("history").splitlines()
    assert len(rows) == 4 and "* 3" in rows[1] and "rollback to 1" in rows[1] and "no entry" in rows[2]
    versions = ctl.json("history")["versions"]
    assert [(one["number"], one["label"]) for one in versions] == [("3", "sorry"), ("2", "no entry"), ("1", "")]
    assert "9" in ctl.refusal("rollback", 9)


def test_listeners(ctl, proxy, echo_server, tunnel):
    tunnel(proxy.address(), echo_server.address, f"alice:{PASSWORD}")
    (row, other) = ctl.rows("listeners")
    assert (row["NAME"], row["ACTIVE"], row["TOTAL"]) == ("proxy", "1", "1") and other["NAME"] == "secure"
    assert ctl.json("listeners")["listeners"][0]["connections_active"] == "1"


def test_clusters(ctl):
    (row,) = ctl.rows("clusters")
    assert (row["CLUSTER"], row["ENDPOINT"], row["STATE"]) == ("pool", "127.0.0.1:1", "ok")
    assert ctl.json("clusters")["clusters"][0]["endpoints"][0]["ejected"] is False


def test_certs(ctl, localhost):
    text = ctl.text("certs")
    assert "localhost" in text and "29d" in text and str(localhost.certificate) in text
    (entry,) = ctl.json("certs")["certificates"]
    assert entry["listener"] == "secure" and entry["key"] == "ECDSA P-256"


def test_tunnels_and_kill(ctl, proxy, echo_server, tunnel):
    doomed = tunnel(proxy.address(), echo_server.address, f"alice:{PASSWORD}")
    kept = tunnel(proxy.address(), echo_server.address, "bob:b")
    assert {row["USER"] for row in ctl.rows("tunnels")} == {"alice", "bob"}
    (entry,) = ctl.json("tunnels", "--user", "alice")["connections"]
    assert entry["destination"] == echo_server.address and entry["phase"] == "tunnel"
    assert "1 connection" in ctl.text("kill", entry["id"])
    assert client.is_closed(doomed)
    client.assert_echoes(kept)
    assert entry["id"] in ctl.refusal("kill", entry["id"])
    assert ctl.json("kill", "--user", "bob")["killed"] == 1
    assert client.is_closed(kept)
    assert "carol" in ctl.refusal("kill", "--user", "carol")


def test_watches_into_a_pipe(ctl, proxy, echo_server, tunnel):
    tunnel(proxy.address(), echo_server.address, f"alice:{PASSWORD}")
    text = ctl.text("tunnels", "--watch", "--interval", "100ms", "--count", 2)
    assert text.count("alice") == 2 and "\033" not in text
    lists = [json.loads(line) for line in
             ctl.text("tunnels", "--watch", "--interval", "100ms", "--count", 3, "--output", "json").splitlines()]
    assert [one["connections"][0]["user"] for one in lists] == ["alice"] * 3


def test_stats(ctl, proxy, echo_server):
    client.open_tunnel(proxy.address(), echo_server.address, f"alice:{PASSWORD}").close()
    rows = {row["METRIC"]: row["VALUE"] for row in ctl.rows("stats", "listener_connections_total")}
    assert any('listener="proxy"' in name and value == "1" for name, value in rows.items())
    assert all("listener_connections_total" in one["name"] for one in
               ctl.json("stats", "listener_connections_total")["metrics"])


def test_info(ctl, proxy):
    assert str(proxy.pid) in ctl.text("info")
    assert ctl.json("info")["pid"] == proxy.pid


def test_log_level(ctl):
    before = {one["name"]: one["level"] for one in ctl.json("log-level")["components"]}
    assert set(before.values()) == {"info"}
    after = {row["COMPONENT"]: row["LEVEL"] for row in ctl.rows("log-level", "config=debug")}
    assert after == {**before, "config": "debug"}
    assert {row["LEVEL"] for row in ctl.rows("log-level", "error")} == {"error"}
    ctl.refusal("log-level", "nonsense=debug")


def test_drain(ctl, proxy, echo_server, tunnel):
    held = tunnel(proxy.address(), echo_server.address, f"alice:{PASSWORD}")
    assert "1 connection" in ctl.text("drain")
    eventually(lambda: "draining" in ctl.text("info"), what="the state")
    client.assert_echoes(held)
    held.close()
    assert proxy.wait_for_end(10) == 0


def test_shutdown(ctl, proxy, echo_server, tunnel):
    held = tunnel(proxy.address(), echo_server.address, f"alice:{PASSWORD}")
    ctl.text("shutdown")
    assert client.is_closed(held)
    assert proxy.wait_for_end(10) == 0


def test_server_that_is_not_there(tmp_path, free_port):
    for address in f"unix:{tmp_path / 'admin.sock'}", f"127.0.0.1:{free_port}":
        said = Culvertctl(address).refusal("history")
        assert address.removeprefix("unix:") in said and len(said.splitlines()) == 1


def test_address_may_come_from_the_environment(ctl, proxy):
    class FromEnvironment(Culvertctl):
        def words(self, *arguments):
            return [word for word in super().words(*arguments) if word not in ("--address", self.address)]

    done = FromEnvironment(ctl.address)("info", environment={"CULVERT_ADMIN_ADDRESS": ctl.address})
    assert done.returncode == 0 and str(proxy.pid) in done.stdout


COMMANDS = ["apply", "validate", "diff", "get", "history", "rollback", "listeners", "clusters", "tunnels", "kill",
            "certs", "stats", "log-level", "drain", "shutdown", "completion"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command):
    done = Culvertctl("unused")(command, "--help")
    assert done.returncode == 0 and f"culvertctl {command}" in done.stdout and re.search("(?i)example", done.stdout)


@pytest.mark.parametrize("arguments", [
    [], ["walk"], ["apply"], ["apply", "-f"], ["rollback"], ["rollback", "first"], ["kill"], ["kill", "x"],
    ["get", "--output", "xml"], ["apply", "-f", "x.yaml", "--expected-version", "0"], ["history", "more"],
    ["tunnels", "--watch", "--interval", "fast"], ["completion", "csh"],
])
def test_wrong_usage_is_status_2(ctl, arguments):
    assert "culvertctl" in ctl.refusal(*arguments, status=2)


def test_file_that_is_not_there(ctl, tmp_path):
    assert "absent.yaml" in ctl.refusal("apply", "-f", tmp_path / "absent.yaml")
