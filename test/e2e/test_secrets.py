"""Passwords and keys are in no log, no error, no metric and no answer, however much is logged."""

import base64
import json
import signal

import pytest

from harness import client
from harness.config import auth, config, http_connect, listener, tls_terminate
from harness.culvert import run_command
from harness.waiting import eventually

PASSWORDS = {"inline": "hush-inline-word", "file": "hush-file-word", "environment": "hush-environment-word"}
GUESS = "hush-guessed-word"


def encodings(secret):
    """The ways in which a careless program might show it."""
    plain = secret.encode()
    return {secret, plain.hex(), base64.b64encode(plain).decode().rstrip("="), repr(plain)}


def key_lines(issued):
    return {line for line in issued.key.read_text().splitlines() if not line.startswith("-----")}


@pytest.fixture
def proxy(start, localhost, tmp_path):
    (tmp_path / "password.txt").write_text(PASSWORDS["file"] + "\n")
    sources = {"inline": {"inline_string": PASSWORDS["inline"]},
               "file": {"filename": str(tmp_path / "password.txt")},
               "environment": {"environment_variable": "CULVERT_TEST_PASSWORD"}}
    provider = {"name": "users", "users": [{"name": name, "password": source} for name, source in sources.items()]}
    quick = auth(failure_delay="1ms", maximum_failure_delay="1ms")
    return start(
        config(listener(tls_terminate(localhost), quick, http_connect()), listener({"metrics": {}}, name="metrics"),
               listener(quick, http_connect(), name="plain"), identity_providers=[provider]),
        arguments=["--log-level", "trace"], environment={"CULVERT_TEST_PASSWORD": PASSWORDS["environment"]})


def use_every_way(proxy, echo_server, trust):
    """Right and wrong passwords, and requests that end in errors; returns what the clients were told."""
    told = []
    for name, password in PASSWORDS.items():
        with client.open_tunnel(proxy.address(), echo_server.address, f"{name}:{password}", tls=trust) as tunnel:
            client.assert_echoes(tunnel)
        told.append(client.refused_tunnel(proxy.address(), echo_server.address, f"{name}:{GUESS}", tls=trust))
        told.append(client.refused_tunnel(proxy.address("plain"), "192.0.2.1:443", f"{name}:{password}"))
    for start_line in (f"GET http://inline:{GUESS}@example.test/ HTTP/1.1", f"CONNECT inline:{GUESS}@a.test:1 HTTP/1.1"):
        request = f"{start_line}\r\nHost: example.test\r\nConnection: close\r\n"
        credentials = f"Proxy-Authorization: {client.basic('inline:' + PASSWORDS['inline'])}\r\n"
        told.append(client.exchange(proxy.address("plain"), f"{request}{credentials}\r\n".encode()))
        told.append(client.exchange(proxy.address("plain"), f"{request}{credentials}Bad Field: x\r\n\r\n".encode()))
    return told


def test_nothing_that_a_run_prints_or_answers_has_one(proxy, echo_server, trust, localhost):
    told = use_every_way(proxy, echo_server, trust)
    proxy.send_signal(signal.SIGHUP)
    proxy.wait_for_log("again")
    eventually(lambda: len(proxy.records()) >= 13, what="a record for every request")
    metrics = repr(proxy.metrics())
    assert proxy.stop() == 0
    printed = "\n".join([proxy.text, repr(proxy.records()), repr(told), metrics])
    secrets = {text for word in [*PASSWORDS.values(), GUESS] for text in encodings(word)}
    basics = {client.basic(f"{name}:{password}").split()[1] for name, password in PASSWORDS.items()}
    assert [secret for secret in secrets | basics | key_lines(localhost) if secret in printed] == []


WRONG = {
    "a password that is no data source": "users: [{name: a, password: hush}]",
    "a list": "users: [{name: a, password: [hush]}]",
    "a list for the text": "users: [{name: a, password: {inline_string: [hush]}}]",
    "bytes that are no base64": "users: [{name: a, password: {inline_bytes: 'hush!'}}]",
    "two at once": "users: [{name: a, password: {inline_string: hush, inline_bytes: aHVzaA==}}]",
    "a misspelt source": "users: [{name: a, password: {inline_strng: hush}}]",
    "a misspelt field": "users: [{name: a, pasword: hush}]",
    "a quote that does not end": "users: [{name: a, password: {inline_string: 'hush}}]",
    "a stray colon": "users: [{name: a, password: {inline_string: hush: x}}]",
    "a broken file": "htpasswd: {filename: broken.htpasswd}",
}


@pytest.mark.parametrize("case", WRONG)
def test_no_error_of_a_config_has_one(tmp_path, case):
    (tmp_path / "broken.htpasswd").write_text("a:hush\nhush\nb:{SHA}hush\nc:$2y$99$hush\nd:$5$hush\n:hush\n")
    (tmp_path / "proxy.yaml").write_text(f"identity_providers:\n- name: users\n  {WRONG[case]}\n")
    for command in ("validate", "run"):
        done = run_command(command, "-c", tmp_path / "proxy.yaml")
        assert done.returncode == 1
        assert "hush" not in done.stdout + done.stderr


def test_no_error_of_a_key_has_one(tmp_path, authority, localhost):
    other = authority.issue("another")
    for key in (other.key.read_text(), localhost.key.read_text()[:150], "hush"):
        filters = [{"tls_terminate": {"certificates": [{
            "certificate_chain": {"filename": str(localhost.certificate)}, "private_key": {"inline_string": key}}]}},
            http_connect()]
        (tmp_path / "proxy.json").write_text(json.dumps(config(listener(*filters))))
        done = run_command("validate", "-c", tmp_path / "proxy.json")
        assert done.returncode == 1
        printed = done.stdout + done.stderr
        assert [line for line in key.splitlines() if not line.startswith("-----") and line in printed] == []
