"""A large config, and what a small change of it costs: for a test and for tools/bench/apply.py."""

import copy
import dataclasses
import statistics
import time

from harness.admin import message_of
from harness.config import cluster, config, http_connect, listener, tcp_proxy, tls_terminate
from harness.ping_pong import Gaps, PingPong

LISTENERS = 50
CHAINS = 100  # of each listener, told apart by server name


def large_config(issued, listeners=LISTENERS, chains=CHAINS, **process):
    """A `proxy` for tunnels to loopback, `listeners` with `chains` each, and a cluster for every chain."""
    services, clusters = [], []
    for number in range(listeners):
        entries = []
        for place in range(chains):
            name = f"c{number}-{place}"
            entries.append({
                "name": name, "match": {"server_names": [f"{name}.test"]},
                "filters": [tls_terminate(issued[place % len(issued)]), tcp_proxy(name)]})
            clusters.append(cluster(name, f"127.0.0.1:{20000 + place}"))
        services.append(listener(name=f"service{number}", filter_chains=entries))
    return config(listener(http_connect()), *services, clusters=clusters, access_log=[], **process)


@dataclasses.dataclass(frozen=True)
class ApplyFigures:
    """Of applies that change one field: each one's seconds, and the round trips of a ping-pong meanwhile and before."""

    seconds: list
    during: Gaps
    quiet: Gaps

    def __str__(self):
        return (f"apply: median {statistics.median(self.seconds) * 1e3:.0f} ms, "
                f"longest {max(self.seconds) * 1e3:.0f} ms of {len(self.seconds)}\n"
                f"  ping-pong meanwhile: {self.during}\n  ping-pong without:   {self.quiet}")


def measure_apply(admin, settings, proxy_port, form="message", count=10):
    """`form` is how the config travels: `message` or `text` (JSON). Changes one field of one chain each time."""
    variants = [_with_timeout(settings, 100 + number) for number in range(count)]
    if form == "message":
        variants = [message_of(variant) for variant in variants]
    ping_pong = PingPong(proxy_port)
    try:
        time.sleep(2)  # this long it is watched without an apply
        quiet = ping_pong.since_last()
        seconds = []
        for variant in variants:
            start = time.perf_counter()
            changes = admin.apply(variant, deadline=120).changes
            seconds.append(time.perf_counter() - start)
            assert [(one.what, one.name) for one in changes] == [("listener", settings["listeners"][1]["name"])]
        return ApplyFigures(seconds, ping_pong.since_last(), quiet)
    finally:
        ping_pong.close()


def _with_timeout(settings, seconds):
    """The config with another idle_timeout in one chain."""
    listeners = list(settings["listeners"])
    listeners[1] = copy.deepcopy(listeners[1])
    listeners[1]["filter_chains"][0]["filters"][1]["tcp_proxy"]["idle_timeout"] = f"{seconds}s"
    return {**settings, "listeners": listeners}
