"""culvertctl in a terminal of 80 columns, and its completion in bash."""

import json
import subprocess

import pytest

from harness import client
from harness.config import (DENY_LOOPBACK, auth, cluster, config, http_connect, listener, tls_terminate, users,
                            with_listeners)
from harness.culvertctl import BINARY, Culvertctl, Terminal


@pytest.fixture
def proxy(start_managed, authority):
    """Its names are long: they must fit all the same."""
    names = [f"DNS:host{number}.a-long-name-for-a-department.example.test" for number in range(6)]
    issued = authority.issue("long_names", *names)
    long = "a_listener_with_a_name_that_says_all_there_is_to_say_about_it"
    return start_managed(config(
        listener(auth(), http_connect()), listener(tls_terminate(issued), http_connect(), name=long),
        clusters=[cluster("a_cluster_whose_name_is_nearly_as_long_as_that_of_the_listener", "127.0.0.1:1", "[::1]:1")],
        identity_providers=[users("alice:a", "bob:b")]))


@pytest.fixture
def ctl(proxy):
    return Culvertctl(proxy.admin_address)


@pytest.fixture
def terminal(tmp_path, cleanup):
    """terminal(words...): a command in a terminal."""
    def run(words, **options):
        opened = Terminal(tmp_path, words, **options)
        cleanup.callback(opened.close)
        return opened
    return run


@pytest.fixture
def change(proxy, tmp_path):
    """A file with a config that differs from the running one."""
    first, second = proxy.config["listeners"]
    file = tmp_path / "change.json"
    file.write_text(json.dumps(with_listeners(
        proxy.config, {**first, "filters": [auth(), http_connect(DENY_LOOPBACK)]}, second)))
    return file


@pytest.mark.parametrize("command", ["listeners", "clusters", "certs", "tunnels", "history", "info", "log-level",
                                     "stats listener"])
@pytest.mark.parametrize("columns", [80, 200])
def test_tables_fit(proxy, ctl, terminal, tunnel, echo_server, command, columns):
    for user in "alice:a", "bob:b":
        tunnel(proxy.address(), echo_server.address, user)
    shown = terminal(ctl.words(*command.split()), columns=columns, lines=60)
    lines = shown.wait_for(r"^\[status 0\]")
    assert len(lines) > 2
    assert all(len(line) <= columns for line in lines)
    shown.assert_nothing_is_wrapped()


def test_what_identifies_a_row_is_never_left_out(proxy, ctl, terminal, tunnel, echo_server):
    tunnel(proxy.address(), echo_server.address, "alice:a")
    (entry,) = ctl.json("tunnels")["connections"]
    text = "\n".join(terminal(ctl.words("tunnels")).wait_for(r"^\[status 0\]"))
    assert entry["id"] in text and "alice" in text and entry["destination"] in text


def test_watch_is_drawn_again_in_its_place(proxy, ctl, terminal, tunnel, echo_server):
    shown = terminal(ctl.words("tunnels", "--watch", "--interval", "100ms"))
    shown.wait_for("0 connections")
    held = tunnel(proxy.address(), echo_server.address, "alice:a")
    client.assert_echoes(held)
    lines = shown.wait_for("alice")
    assert sum("connection" in line for line in lines) == 1, "the list before is gone"
    for _ in range(60):
        tunnel(proxy.address(), echo_server.address, "bob:b")
    lines = shown.wait_for("61 connections")
    assert len(lines) <= 24, "what does not fit is counted, and nothing scrolls"
    shown.assert_nothing_is_wrapped()
    shown.type("C-c")
    shown.wait_for(r"\[status 130\]")


def test_diff_is_coloured_on_a_terminal(ctl, terminal, change):
    def screen_of(**options):
        shown = terminal(ctl.words("diff", "-f", change), lines=60, **options)
        shown.wait_for(r"^\[status 0\]")
        return "\n".join(shown.screen(colours=True))

    coloured = screen_of()
    assert "\033[32m" in coloured and "\033[31m" in coloured, "green for what comes, red for what goes"
    assert "\033[3" not in screen_of(environment={"NO_COLOR": "1"})
    assert "\033[3" not in screen_of(environment={"TERM": "dumb"})


def test_refusal_fits_on_the_screen(ctl, terminal, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("listeners:\n- name: a\n  adress: 127.0.0.1:1\n")
    text = "\n".join(terminal(ctl.words("apply", "-f", wrong)).wait_for(r"^\[status 1\]"))
    assert "did you mean" in text.replace("\n", "") and "wrong.yaml:3" in text.replace("\n", "")


def test_label_that_somebody_chose_moves_no_cursor(ctl, terminal, change):
    ctl.text("apply", "-f", change, "--label", "oops\033[2J\033[H\nVERSION 9")
    lines = terminal(ctl.words("history")).wait_for(r"^\[status 0\]")
    assert len(lines) == 4, "titles, two versions and the status"
    assert lines[0].lstrip().startswith("VERSION") and "oops" in lines[1]


# Completion.

@pytest.fixture(scope="module")
def completions(tmp_path_factory):
    """completions(words...): what bash offers for the last word."""
    folder = tmp_path_factory.mktemp("completion")
    script = subprocess.run([BINARY, "completion", "bash"], capture_output=True, text=True, check=True).stdout
    (folder / "culvertctl.bash").write_text(script)
    (folder / "proxy.yaml").write_text("")

    def offered(*words):
        program = """
            source culvertctl.bash
            COMP_WORDS=(culvertctl "$@") COMP_CWORD=$# COMP_LINE="culvertctl $*" COMP_POINT=${#COMP_LINE}
            function=$(complete -p culvertctl | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            "$function" culvertctl "${@: -1}" "${@: -2:1}" 2>errors
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        done = subprocess.run(["bash", "--norc", "-c", program, "bash", *words], cwd=folder, capture_output=True,
                              text=True, check=True)
        assert done.stderr == ""
        return {word.strip() for word in done.stdout.splitlines() if word.strip()}
    return offered


def test_completion_of_commands(completions):
    assert {"apply", "rollback", "log-level", "tunnels"} <= completions("")
    assert completions("roll") == {"rollback"}
    assert completions("--address", "unix:/x", "roll") == {"rollback"}


def test_completion_of_options_and_their_values(completions):
    assert {"--label", "--expected-version", "--dry-run"} <= completions("apply", "--")
    assert completions("apply", "--exp") == {"--expected-version"}
    assert completions("history", "--output", "") == {"text", "json"}
    assert completions("completion", "b") == {"bash"}
    assert completions("apply", "-f", "pro") == {"proxy.yaml"}


def test_completion_in_a_shell(terminal):
    shell = terminal(["bash", "--norc"], environment={"PS1": "ready> "})
    shell.wait_for("bash.*[$#]|ready>")
    for line in f"PATH={BINARY.parent}:$PATH", "source <(culvertctl completion bash)", "clear":
        shell.type(line)
        shell.type("Enter")
    shell.type("culvertctl roll")
    shell.type("Tab")
    shell.wait_for("culvertctl rollback")
