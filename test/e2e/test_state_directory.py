"""The state directory: what was applied last survives a restart, whatever happened to the files."""

import re
import signal

import grpc
import pytest

from harness import client
from harness.admin import refused
from harness.config import DENY_LOOPBACK, config, http_connect, listener, with_listeners
from harness.culvert import Culvert, write_config


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def proxy(start_managed):
    """Its file lets everyone through."""
    return start_managed(config(listener(http_connect())))


@pytest.fixture
def start_again(start_managed):
    """start_again(proxy, ...): ends the process and starts another with the same file and state directory."""
    def run(proxy, *arguments):
        assert proxy.stop() == 0
        return start_managed(proxy.config, folder=proxy.folder, arguments=arguments)
    return run


def denying(proxy):
    return with_listeners(proxy.config, listener(http_connect(DENY_LOOPBACK), port=proxy.port))


def limited(proxy, limit):
    return with_listeners(proxy.config, {**proxy.config["listeners"][0], "max_connections": limit})


def newest_file(state):
    return max((state / "config").glob("*.config"))


def limit_of(proxy):
    return proxy.admin.config.Get().config.listeners[0].max_connections


def test_what_was_applied_last_wins_over_the_file(proxy, start_again, echo_server):
    applied = proxy.admin.apply(denying(proxy), label="no entry").version
    again = start_again(proxy)
    assert again.admin.config.Get().version == applied
    assert client.status_of(again.address(), echo_server.address) == 403


def test_the_file_wins_where_that_is_asked_for(proxy, start_again, echo_server):
    proxy.admin.apply(denying(proxy))
    again = start_again(proxy, "--start-from", "file")
    version = again.admin.config.Get().version
    assert version.number == 3 and version.origin.startswith("file "), "as a version of its own"
    assert client.status_of(again.address(), echo_server.address) == 200
    assert [one.number for one in again.admin.config.History().versions] == [3, 2, 1]
    last = start_again(again, "--start-from", "last-applied")
    assert last.admin.running_version() == 3


def test_file_that_says_the_same_again_is_no_new_version(proxy, start_again):
    assert start_again(proxy, "--start-from", "file").admin.running_version() == 1


def test_other_choices_are_wrong_usage(tmp_path):
    settings = config(listener(http_connect()), state_directory=str(tmp_path / "state"))
    process = Culvert(tmp_path, settings, arguments=["--start-from", "yesterday"])
    assert process.wait_for_end() == 2
    assert "last-applied" in process.text and "file" in process.text


def test_history_goes_on_over_restarts(proxy, start_again):
    proxy.admin.apply(limited(proxy, 5), label="five")
    again = start_again(proxy)
    assert again.admin.apply(limited(proxy, 6)).version.number == 3
    versions = start_again(again).admin.config.History().versions
    assert [(one.number, one.label) for one in versions] == [(3, ""), (2, "five"), (1, "")]


def test_version_from_before_the_restart_can_be_rolled_back_to(proxy, start_again):
    proxy.admin.apply(limited(proxy, 5))
    again = start_again(proxy)
    assert again.admin.config.Rollback(version=1).version.number == 3
    assert limit_of(again) == 0


def test_what_came_from_the_file_does_not_win_over_the_file(proxy, start_again):
    proxy.admin.apply(limited(proxy, 5))
    watch = proxy.admin.config.Watch()
    assert next(watch).number == 2
    write_config(proxy.folder, limited(proxy, 6))
    proxy.send_signal(signal.SIGHUP)
    assert next(watch).origin.startswith("file ")
    again = start_again(proxy)  # with its first file again
    assert (limit_of(again), again.admin.running_version()) == (0, 4)


def test_what_was_answered_is_there_after_a_kill(start_managed, proxy):
    for number in range(1, 6):
        proxy.admin.apply(limited(proxy, number))
        proxy.send_signal(signal.SIGKILL)
        proxy.wait_for_end()
        proxy.has_listened = False  # that end is no failure
        proxy = start_managed(proxy.config, folder=proxy.folder)
        assert limit_of(proxy) == number


@pytest.mark.parametrize("damage", ["half", "empty", "flipped bit", "something else"])
def test_damaged_newest_file_falls_back_to_the_one_before_and_says_so(proxy, start_again, state, damage):
    proxy.admin.apply(limited(proxy, 5))
    proxy.admin.apply(limited(proxy, 6))
    proxy.stop()
    newest = newest_file(state)
    data = newest.read_bytes()
    middle = len(data) // 2
    newest.write_bytes({"half": data[:middle], "empty": b"", "something else": b"hello\n",
                        "flipped bit": data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]}[damage])
    again = start_again(proxy)
    assert limit_of(again) == 5
    line = again.wait_for_log(re.escape(newest.name))
    assert " warning " in line and re.search(r"\b2\b", again.text), "which one is used instead"
    # The number is not given to another config.
    assert again.admin.apply(limited(proxy, 7)).version.number > 3


def test_where_no_version_is_left_the_file_is_used(proxy, start_again, state):
    proxy.admin.apply(limited(proxy, 5))
    proxy.stop()
    for file in (state / "config").iterdir():
        file.write_bytes(file.read_bytes()[:20])
    again = start_again(proxy)
    assert limit_of(again) == 0
    assert again.admin.config.Get().version.origin.startswith("file ")
    again.wait_for_log(" warning ")


def test_files_of_others_are_left_alone(proxy, start_again, state):
    proxy.stop()
    (state / "config" / "README").write_text("mine\n")
    (state / "config" / "0000000099.config.tmp").write_bytes(b"half a ver")
    again = start_again(proxy)
    assert again.admin.running_version() == 1
    again.admin.apply(limited(again, 5))
    assert (state / "config" / "README").read_text() == "mine\n"


def test_version_that_cannot_be_written_is_not_applied(proxy, state, echo_server):
    folder = state / "config"
    folder.rename(state / "moved")
    folder.write_text("in the way")
    refusal = refused(proxy.admin.apply, denying(proxy))
    assert refusal.code == grpc.StatusCode.FAILED_PRECONDITION
    assert str(folder) in refusal.message
    assert client.status_of(proxy.address(), echo_server.address) == 200
    assert proxy.admin.running_version() == 1
    folder.unlink()
    (state / "moved").rename(folder)
    assert proxy.admin.apply(denying(proxy)).version.number == 2
    assert client.status_of(proxy.address(), echo_server.address) == 403


def test_old_files_are_removed(start_managed, state):
    proxy = start_managed(config(listener(http_connect()), max_kept_versions=2))
    for number in range(1, 8):
        proxy.admin.apply(limited(proxy, number))
    assert len(list((state / "config").glob("*.config"))) == 3


def test_second_process_in_the_same_directory_is_refused(proxy, tmp_path):
    folder = tmp_path / "second"
    folder.mkdir()
    settings = config(listener(http_connect()), state_directory=proxy.config["process"]["state_directory"])
    second = Culvert(folder, settings)
    assert second.wait_for_end() == 1
    assert "--take-over" in second.text
    assert proxy.admin.server.GetInfo().pid == proxy.pid
