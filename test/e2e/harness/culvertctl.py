"""culvertctl as a program: into pipes, and in a terminal."""

import itertools
import json
import os
import pathlib
import re
import shlex
import subprocess

from harness.waiting import eventually

_ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("CULVERTCTL_BIN", _ROOT / "bazel-bin/source/exe/culvertctl"))


class Culvertctl:
    """Commands for one server: `ctl("history")` is the completed process."""

    def __init__(self, address):
        self.address = address

    def words(self, *arguments):
        return [str(BINARY), "--address", self.address, *map(str, arguments)]

    def __call__(self, *arguments, given=None, environment=None):
        return subprocess.run(self.words(*arguments), input=given, capture_output=True, text=True, timeout=60,
                              env={**os.environ, **(environment or {})})

    def text(self, *arguments, given=None):
        """What it prints; it must succeed and complain of nothing."""
        done = self(*arguments, given=given)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def json(self, *arguments, given=None):
        return json.loads(self.text(*arguments, "--output", "json", given=given))

    def refusal(self, *arguments, status=1, given=None):
        """What it says on standard error when it does not do what it was asked for."""
        done = self(*arguments, given=given)
        assert done.returncode == status, done
        assert done.stderr, done
        return done.stderr

    def rows(self, *arguments):
        """The rows of a table as dicts by its titles, which are in capitals."""
        titles, *rows = [re.split(r"\s{2,}", line.strip()) for line in self.text(*arguments).splitlines()]
        return [dict(zip(titles, row)) for row in rows]


class Terminal:
    """A command in a terminal of its own (tmux), with so many columns and lines. Its end is told: `[status 0]`."""

    _numbers = itertools.count()

    def __init__(self, folder, words, columns=80, lines=24, environment=None):
        self._socket = folder / f"tmux{next(self._numbers)}"
        variables = [f"{name}={value}" for name, value in (environment or {}).items()]
        command = shlex.join(["env", "LC_ALL=C.UTF-8", *variables, *map(str, words)])
        self._tmux("new-session", "-d", "-x", columns, "-y", lines, "-s", "test",
                   f'trap : INT; {command}; echo "[status $?]"; exec cat >/dev/null')

    def _tmux(self, *arguments):
        return subprocess.run(["tmux", "-f", "/dev/null", "-S", str(self._socket), *map(str, arguments)],
                              capture_output=True, text=True, check=True, timeout=20,
                              env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout

    def screen(self, colours=False):
        """The lines on it, without blank ones at the end."""
        options = ["-e"] if colours else []
        return self._tmux("capture-pane", "-p", *options, "-t", "test").rstrip("\n").splitlines()

    def wait_for(self, pattern, timeout=20):
        """The screen once the regular expression is found on it."""
        def found():
            lines = self.screen()
            return lines if re.search(pattern, "\n".join(lines), re.M) else None
        try:
            return eventually(found, timeout)
        except AssertionError:
            raise AssertionError(f"no /{pattern}/ on the screen:\n" + "\n".join(self.screen())) from None

    def assert_nothing_is_wrapped(self):
        """No line was too long for the terminal: joined where the terminal wrapped, it looks the same."""
        plain = [line.rstrip() for line in self.screen()]
        joined = self._tmux("capture-pane", "-p", "-J", "-t", "test").rstrip("\n").splitlines()
        assert plain == [line.rstrip() for line in joined]

    def type(self, text):
        """Types the text; a key by its name is `Enter`, `Tab` or `C-c`."""
        if text in ("Enter", "Tab", "C-c", "q"):
            self._tmux("send-keys", "-t", "test", text)
        else:
            self._tmux("send-keys", "-t", "test", "-l", text)

    def close(self):
        subprocess.run(["tmux", "-S", str(self._socket), "kill-server"], capture_output=True, timeout=20)
