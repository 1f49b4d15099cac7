"""Two hundred changes in a row while clients open, use and close connections without pause: nobody notices."""

import signal

import pytest

from harness.changing_config import ChangingConfig
from harness.culvert import write_config
from harness.large_config import large_config, measure_apply
from harness.waiting import eventually

CHANGES = 200
RESTARTS = 20
# Versions before the memory is looked at first: by then all that is kept for good has been made.
WARM_UP = 50


@pytest.fixture
def changing(authority):
    return ChangingConfig(authority)


@pytest.fixture
def proxy(changing, start_managed):
    return start_managed(changing.make(0))


@pytest.fixture
def load(changing, proxy, cleanup):
    """64 clients, each of which has used a connection by now."""
    load = changing.start_load()
    cleanup.callback(load.close)
    load.wait_for(64)
    return load


def settings_of(changing, proxy, number):
    return {**changing.make(number), "process": proxy.config["process"]}


def assert_memory_is_as_before(proxy, before):
    eventually(lambda: proxy.memory() < 1.1 * before, 20,
               f"memory under 1.1 times {before >> 10} KiB; now {proxy.memory() >> 10} KiB, and this")


def assert_served(load, before):
    """The clients went on all the time, and every connection was served."""
    used = load.used() - before
    assert used > CHANGES, f"only {used} connections: the test shows nothing"
    total = load.finish()
    print(f"{used} connections during the changes, {total} in all")


def test_apply(changing, proxy, load):
    for number in range(1, WARM_UP + 1):
        proxy.admin.apply(settings_of(changing, proxy, number))
    memory, used = proxy.memory(), load.used()
    for number in range(WARM_UP + 1, WARM_UP + CHANGES + 1):
        changes = proxy.admin.apply(settings_of(changing, proxy, number), expected_version=number).changes
        assert {one.what for one in changes} == {"listener", "cluster", "identity_provider"}
    assert_served(load, used)
    assert_memory_is_as_before(proxy, memory)
    assert proxy.admin.running_version() == WARM_UP + CHANGES + 1


def test_reload_of_the_file(changing, proxy, load):
    versions = proxy.admin.config.Watch(deadline=300)
    assert next(versions).number == 1

    def reload(number):
        write_config(proxy.folder, settings_of(changing, proxy, number))
        proxy.send_signal(signal.SIGHUP)
        assert next(versions).number == number + 1

    for number in range(1, WARM_UP + 1):
        reload(number)
    memory, used = proxy.memory(), load.used()
    for number in range(WARM_UP + 1, WARM_UP + CHANGES + 1):
        reload(number)
    assert_served(load, used)
    assert_memory_is_as_before(proxy, memory)


def test_hot_restart(changing, proxy, load, take_over):
    processes = [proxy]
    used = load.used()
    for number in range(1, RESTARTS + 1):
        processes[-1].admin.apply(settings_of(changing, proxy, number))
        before = load.used()
        processes.append(take_over(processes[-1], proxy.config))
        load.wait_for(64)
        if number == 1:
            memory = processes[-1].memory()
        assert load.used() > before
    last = processes[-1]
    assert last.admin.running_version() == RESTARTS + 1
    assert last.memory() < 1.1 * memory
    assert_served(load, used)
    assert [one.wait_for_end(60) for one in processes[:-1]] == [0] * RESTARTS
    counted = last.metrics()
    plain = sum(value for name, value in counted.items()
                if name.startswith("culvert_listener_connections_total") and 'listener="metrics"' not in name)
    assert plain >= used, "no connection of any process is lost to the counters"


def test_small_change_of_a_large_config(start_managed, authority, capsys):
    """How long it takes is no matter for a test to decide; that it does not stop the traffic is."""
    issued = [authority.issue(f"large{number}", "DNS:localhost", "DNS:*.test") for number in range(4)]
    settings = large_config(issued)
    proxy = start_managed(settings, open_files=4096)
    with capsys.disabled():
        for form in "message", "text":
            figures = measure_apply(proxy.admin, settings, proxy.port, form, count=5)
            print(f"\n50 listeners, 5,000 chains and clusters, one field changed, sent as {form}:\n  {figures}")
            assert max(figures.seconds) < 60
            assert figures.during.longest < 5
