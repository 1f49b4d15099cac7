"""The command line: run, validate, version, help."""

import re

import pytest

from harness.config import config, http_connect, listener
from harness.culvert import run_command, write_config


def test_version():
    done = run_command("version")
    assert done.returncode == 0
    assert re.search(r"\bculvert\b.*\d+\.\d+", done.stdout)


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["validate", "--help"], ["version", "--help"]])
def test_help_has_an_example(arguments):
    done = run_command(*arguments)
    assert done.returncode == 0
    assert "culvert" in done.stdout and re.search("(?i)example", done.stdout)


@pytest.mark.parametrize("arguments", [
    [], ["walk"], ["run"], ["validate"], ["run", "-c"], ["run", "--no-such-flag"],
    ["run", "-c", "x.yaml", "--workers", "many"],
    ["run", "-c", "x.yaml", "--log-level", "loud"], ["validate", "-c", "x.yaml", "more"],
])
def test_wrong_usage_is_status_2(arguments):
    done = run_command(*arguments)
    assert done.returncode == 2
    assert done.stderr


def test_validate_says_one_line(tmp_path):
    done = run_command("validate", "-c", write_config(tmp_path, config(listener(http_connect()))))
    assert done.returncode == 0
    assert len((done.stdout + done.stderr).splitlines()) == 1


def test_log_level_is_a_choice(start):
    quiet = start(config(listener(http_connect())), arguments=["--log-level", "error"])
    assert quiet.log == []
    chatty = start(config(listener(http_connect())), arguments=["--log-level", "debug"])
    chatty.wait_for_log("listen")
