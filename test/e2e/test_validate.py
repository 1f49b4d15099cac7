"""What is wrong with a config: every error at once, as FILE:LINE:COLUMN: PATH: what is wrong; exit status 1."""

import dataclasses
import json
import re
import textwrap

import pytest

from harness.config import auth, cluster, config, http_connect, listener, tls_terminate, users
from harness.culvert import run_command
from harness.ports import free_port, is_listening


@pytest.fixture
def validate(tmp_path):
    """validate(text, ...): the exit status and the lines that say what is wrong."""
    def run(text, name="proxy.yaml", command="validate", environment=None):
        file = tmp_path / name
        if isinstance(text, bytes):
            file.write_bytes(text)
        else:
            file.write_text(textwrap.dedent(text))
        done = run_command(command, "-c", file, environment=environment)
        return done.returncode, (done.stderr + done.stdout).splitlines()
    return run


def errors_of(lines):
    """{path: (line, column, message)} of the errors."""
    found = {}
    for line in lines:
        match = re.fullmatch(r"(?:.*/)?proxy\.\w+:(\d+):(\d+): (?:([\w.\[\]\-@\"]+): )?(.*)", line)
        assert match, f"not FILE:LINE:COLUMN: PATH: MESSAGE: {line}"
        found[match[3]] = (int(match[1]), int(match[2]), match[4])
    return found


def test_good_config_gets_one_line(validate):
    status, lines = validate("""\
        listeners:
        - name: proxy
          address: 127.0.0.1:8443
          filters:
          - http_connect: {}
        """)
    assert status == 0 and len(lines) == 1, lines


def test_misspelt_field_has_a_position_and_a_suggestion(validate):
    status, lines = validate("""\
        listeners:
        - name: proxy
          address: 127.0.0.1:8443
          filters:
          - http_connect:
              polcy: {}
        """)
    assert status == 1
    assert len(lines) == 1
    assert re.search(r"proxy\.yaml:6:7: listeners\[0\]\.filters\[0\]\.http_connect\.polcy: unknown field; "
                     r"did you mean 'policy'\?$", lines[0])


def test_every_error_is_reported_at_once(validate):
    status, lines = validate("""\
        process:
          workers: many
        identity_providers:
        - name: staff
          htpasswd: {filename: missing.htpasswd}
        listeners:
        - name: one
          address: 127.0.0.1
          filters:
          - auth: {providers: [stuff]}
          - http_connect: {idle_timeout: -1s}
        - name: one
          address: 127.0.0.1:8444
          chain_match_timeout: fast
          filters:
          - tcp_proxy: {cluster: nowhere}
        - address: 127.0.0.1:8445
          filters:
          - htpp_connect: {}
        """)
    assert status == 1
    errors = errors_of(lines)
    expected = {
        "process.workers": 2,
        "identity_providers[0].htpasswd.filename": 5,
        "listeners[0].address": 8,
        "listeners[0].filters[0].auth.providers[0]": 10,
        "listeners[0].filters[1].http_connect.idle_timeout": 11,
        "listeners[1].name": 12,
        "listeners[1].chain_match_timeout": 14,
        "listeners[1].filters[0].tcp_proxy.cluster": 16,
    }
    for path, line in expected.items():
        assert path in errors, f"{path} is missing in {list(errors)}"
        assert errors[path][0] == line
    assert any(path.startswith("listeners[2]") and "name" in path + message for path, (_, _, message) in errors.items())
    assert any("http_connect" in message for _, _, message in errors.values()), "a suggestion for htpp_connect"


WRONG = {
    "not a mapping": ("- a\n- b\n", "."),
    "broken YAML": ("listeners: [\n", "."),
    "tab for indentation": ("listeners:\n\t- name: a\n", "."),
    "duplicate key": ("listeners: []\nlisteners: []\n", "(?i)duplicate|twice|again"),
    "unknown top field": ("listener: []", "did you mean 'listeners'"),
    "wrong kind": ("listeners: 5", "."),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_files(validate, case):
    text, said = WRONG[case]
    status, lines = validate(text)
    assert status == 1
    assert re.search(said, "\n".join(lines))


WRONG_CHAINS = {
    "bytes after the end": ([{"tcp_proxy": {"cluster": "c"}}, {"http_connect": {}}], "."),
    "two terminals": ([{"tcp_proxy": {"cluster": "c"}}, {"tcp_proxy": {"cluster": "c"}}], "."),
    "http before bytes": ([{"http": {}}, {"tcp_proxy": {"cluster": "c"}}], "tcp_proxy"),
    "http twice": ([{"http": {}}, {"http": {}}, {"http_connect": {}}], "http"),
    "no filters": ([], "filters"),
}


@pytest.mark.parametrize("case", WRONG_CHAINS)
def test_chains_that_do_not_fit(validate, case):
    filters, said = WRONG_CHAINS[case]
    settings = config(listener(), clusters=[cluster("c", "127.0.0.1:1")], identity_providers=[users("a:b")])
    settings["listeners"][0]["filters"] = filters
    status, lines = validate(json.dumps(settings), "proxy.json")
    assert status == 1
    assert re.search(rf"listeners\[0\].*{said}", "\n".join(lines))


def test_both_filters_and_filter_chains_is_an_error(validate):
    settings = listener(http_connect(), filter_chains=[{"filters": [http_connect()]}])
    assert validate(json.dumps(config(settings)), "proxy.json")[0] == 1


def test_two_chains_for_the_same_connections_are_an_error(validate):
    chains = [{"match": {"server_names": ["a.test"]}, "filters": [http_connect()]} for _ in range(2)]
    status, lines = validate(json.dumps(config(listener(filter_chains=chains))), "proxy.json")
    assert status == 1
    assert "filter_chains[1]" in "\n".join(lines)


@pytest.mark.parametrize("field, value", [
    ("networks", ["127.0.0.0/33"]), ("networks", ["localhost"]), ("networks", ["127.0.0.1/8/8"]), ("ports", ["99999"]),
    ("ports", ["9-1"]), ("ports", ["https"]), ("hosts", ["/(/"]), ("hosts", ["a*b.test"]), ("hosts", [""]),
])
def test_policy_entries_are_checked(validate, field, value):
    status, lines = validate(json.dumps(config(listener(http_connect({"rules": [{"allow": {field: value}}]})))),
                             "proxy.json")
    assert status == 1
    assert f"policy.rules[0].allow.{field}[0]" in "\n".join(lines)


def tls_errors(validate, *issued, **fields):
    settings = config(listener(tls_terminate(*issued, **fields), http_connect()))
    status, lines = validate(json.dumps(settings, indent=1), "proxy.json")
    return status, "\n".join(lines)


def test_certificate_and_key_must_belong_together(validate, authority, localhost):
    mixed = dataclasses.replace(localhost, key=authority.issue("other").key)
    status, text = tls_errors(validate, mixed)
    assert status == 1 and "tls_terminate.certificates[0]" in text


def test_files_that_run_would_open_are_opened(validate, localhost, tmp_path):
    missing = dataclasses.replace(localhost, certificate=tmp_path / "missing.crt")
    status, text = tls_errors(validate, missing)
    assert status == 1 and "missing.crt" in text and "certificates[0].certificate_chain" in text
    broken = tmp_path / "broken.key"
    broken.write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
    status, text = tls_errors(validate, dataclasses.replace(localhost, key=broken))
    assert status == 1 and "private_key" in text and "nonsense" not in text


@pytest.mark.parametrize("fields, path", [
    ({"cipher_suites": ["NO-SUCH-SUITE"]}, "cipher_suites"), ({"curves": ["P-123"]}, "curves"),
    ({"minimum_version": "TLSv1_3", "maximum_version": "TLSv1_2"}, "_version"),
    ({"minimum_version": "SSLv3"}, "minimum_version"),
    ({"client_certificate": {"mode": "REQUIRED"}}, "client_certificate"),
    ({"application_protocols": [""]}, "application_protocols"),
    ({"application_protocols": ["a" * 256]}, "application_protocols"),
])
def test_tls_settings_are_checked(validate, localhost, fields, path):
    status, text = tls_errors(validate, localhost, **fields)
    assert status == 1 and path in text


def test_what_is_wrong_with_a_user_has_its_place(validate):
    status, lines = validate("""\
        identity_providers:
        - name: staff
          users:
          - name: alice
            password: {inline_string: wonderland}
          - name: bob
            password: {filename: missing.txt}
          - name: "c:d"
            password: {inline_string: x}
        """)
    assert status == 1
    places = {path: line for path, (line, _, _) in errors_of(lines).items()}
    assert places == {"identity_providers[0].users[1].password": 7, "identity_providers[0].users[2].name": 8}


def test_every_name_server_is_checked(validate):
    status, lines = validate("""\
        process:
          resolver:
            servers:
            - one
            - 10.0.0.53
            - 10.0.0.53:99999
        """)
    assert status == 1
    assert [(path, line) for path, (line, _, _) in errors_of(lines).items()] == [
        ("process.resolver.servers[0]", 4), ("process.resolver.servers[2]", 6)]


def test_environment_variable_that_is_not_set_is_an_error(validate):
    provider = {"name": "users", "users": [
        {"name": "alice", "password": {"environment_variable": "CULVERT_TEST_PASSWORD"}}]}
    text = json.dumps(config(listener(auth(), http_connect()), identity_providers=[provider]))
    assert "CULVERT_TEST_PASSWORD" in "\n".join(validate(text, "proxy.json")[1])
    assert validate(text, "proxy.json", environment={"CULVERT_TEST_PASSWORD": "x"})[0] == 0


def test_secret_is_never_printed(validate):
    provider = {"name": "users", "users": [
        {"name": "alice", "password": {"inline_string": "hush-hush-word", "filename": "also"}},
        {"name": "alice", "password": {"inline_strng": "hush-hush-word"}}]}
    status, lines = validate(json.dumps(config(listener(http_connect()), identity_providers=[provider])), "proxy.json")
    assert status == 1
    assert "hush-hush-word" not in "\n".join(lines)


def test_run_with_a_wrong_config_starts_nothing(validate):
    good, wrong = free_port(), listener(http_connect(), name="wrong")
    wrong["address"] = "nonsense"
    settings = config(listener(http_connect(), port=good), wrong)
    status, lines = validate(json.dumps(settings), "proxy.json", command="run")
    assert status == 1
    assert "listeners[1].address" in "\n".join(lines)
    assert not is_listening(good)


def test_access_log_that_cannot_be_written_is_an_error(validate):
    status, lines = validate(json.dumps(config(
        listener(http_connect()), access_log=[{"filename": "/nonexistent/access.log"}])), "proxy.json")
    assert status == 1 and "access_log[0].filename" in "\n".join(lines)


def test_file_that_is_not_there(tmp_path):
    done = run_command("validate", "-c", tmp_path / "absent.yaml")
    assert done.returncode == 1 and "absent.yaml" in done.stderr


def test_suffix_that_is_none_of_the_known(validate):
    status, lines = validate("listeners: []", "proxy.ini")
    assert status == 1 and ".yaml" in "\n".join(lines)


def test_other_notations_load_the_same(validate):
    yaml = """\
        listeners:
        - name: proxy
          address: 127.0.0.1:8443
          filters:
          - http_connect: {idle_timeout: 1.5s}
        """
    canonical = """\
        {"listeners": [{"name": "proxy", "address": "127.0.0.1:8443", "filters": [{"name": "http_connect",
          "typed_config": {"@type": "type.googleapis.com/culvert.extensions.http_connect.v1.HttpConnect",
                           "idle_timeout": "1.5s"}}]}]}
        """
    text = """\
        listeners {
          name: "proxy"
          address: "127.0.0.1:8443"
          filters {
            name: "http_connect"
            typed_config {
              [type.googleapis.com/culvert.extensions.http_connect.v1.HttpConnect] { idle_timeout { seconds: 1 } }
            }
          }
        }
        """
    assert validate(yaml)[0] == 0
    assert validate(canonical, "proxy.json")[0] == 0
    assert validate(canonical, "proxy.yml")[0] == 0
    assert validate(text, "proxy.textproto")[0] == 0
    # Config.listeners (3), of them name (1) and address (2): without filters, which is an error of its own.
    binary = b"\x1a\x17\x0a\x05proxy\x12\x0e127.0.0.1:8443"
    status, lines = validate(binary, "proxy.pb")
    assert status == 1 and "filters" in "\n".join(lines)
