"""RuntimeService: listeners, clusters, certificates, stats."""

import hashlib
import re
import ssl

import pytest

from harness import client
from harness.config import cluster, config, http_connect, listener, tcp_proxy, tls_terminate, with_listeners
from harness.waiting import eventually


def only(items, **fields):
    """The only one of them that has these fields."""
    found = [item for item in items if all(getattr(item, name) == value for name, value in fields.items())]
    assert len(found) == 1, f"{len(found)} of {items} have {fields}"
    return found[0]


def listener_of(proxy, name="proxy"):
    return only(proxy.admin.runtime.ListListeners().listeners, name=name)


def test_listeners_say_what_they_carry(managed_proxy, echo_server, tunnel):
    held = tunnel(managed_proxy.address(), echo_server.address)
    client.assert_echoes(held, b"x" * 100_000)
    client.open_tunnel(managed_proxy.address(), echo_server.address).close()
    entry = listener_of(managed_proxy)
    assert entry.address == entry.bound_address == managed_proxy.config["listeners"][0]["address"]
    assert (entry.filter_chains, entry.connections_total) == (1, 2)
    eventually(lambda: listener_of(managed_proxy).connections_active == 1, what="the end of one connection")
    held.close()
    eventually(lambda: listener_of(managed_proxy).connections_active == 0, what="the end of the other")
    entry = listener_of(managed_proxy)
    assert entry.bytes_received >= 100_000 and entry.bytes_sent >= 100_000


def test_listeners_say_where_the_kernel_has_put_them(start_managed, echo_server, tmp_path):
    proxy = start_managed(config(
        {**listener(http_connect(), name="any_port"), "address": "127.0.0.1:0"},
        {**listener(http_connect(), name="file"), "address": f"unix:{tmp_path / 'proxy.sock'}"},
        listener(name="chains", filter_chains=[
            {"match": {"server_names": [f"{name}.test"]}, "filters": [http_connect()]} for name in "abc"])))
    entry = listener_of(proxy, "any_port")
    assert entry.address == "127.0.0.1:0"
    port = int(re.fullmatch(r"127\.0\.0\.1:([1-9]\d*)", entry.bound_address)[1])
    assert client.status_of(("127.0.0.1", port), echo_server.address) == 200
    assert listener_of(proxy, "file").bound_address == f"unix:{tmp_path / 'proxy.sock'}"
    assert listener_of(proxy, "chains").filter_chains == 3


def test_clusters_say_how_their_endpoints_are(start_managed, echo_server, free_port, dial):
    dead = f"127.0.0.1:{free_port}"
    proxy = start_managed(config(
        listener(tcp_proxy("mixed")),
        clusters=[cluster("mixed", echo_server.address, dead, passive_ejection={"consecutive_failures": 2}),
                  cluster("idle", "127.0.0.1:1", load_balancing="LEAST_CONNECTIONS")]))

    def endpoint(address):
        mixed = only(proxy.admin.runtime.ListClusters().clusters, name="mixed")
        return only(mixed.endpoints, address=address)

    held = [dial(proxy.address()) for _ in range(6)]
    for connection in held:
        client.assert_echoes(connection)
    assert endpoint(echo_server.address).connections_active == 6
    assert endpoint(echo_server.address).connects_total == 6
    assert not endpoint(echo_server.address).ejected and endpoint(dead).ejected
    assert endpoint(dead).connect_failures_total >= 2 and endpoint(dead).connections_active == 0
    clusters = {one.name: one.load_balancing for one in proxy.admin.runtime.ListClusters().clusters}
    assert clusters == {"mixed": "ROUND_ROBIN", "idle": "LEAST_CONNECTIONS"}


def test_certificates_say_who_they_are_for_and_until_when(start_managed, authority):
    names = ["DNS:a.test", "DNS:*.b.test", "IP:10.0.0.7"]
    first = authority.issue("many_names", *names, days=20)
    second = authority.issue("rsa", "DNS:rsa.test", key="rsa", days=2)
    inline = {"certificate_chain": {"inline_string": second.certificate.read_text()},
              "private_key": {"inline_string": second.key.read_text()}}
    chain = {"match": {"server_names": ["rsa.test"]},
             "filters": [{"tls_terminate": {"certificates": [inline]}}, http_connect()]}
    proxy = start_managed(config(listener(tls_terminate(first), http_connect(), name="one"),
                                 listener(name="two", filter_chains=[chain])))
    certificates = proxy.admin.runtime.ListCertificates().certificates
    one, two = only(certificates, listener="one"), only(certificates, listener="two")
    assert one.path.endswith("filters[0].tls_terminate.certificates[0]")
    assert two.path == "filter_chains[0].filters[0].tls_terminate.certificates[0]"
    assert (one.file, two.file) == (str(first.certificate), "")
    assert "many_names" in one.subject and "Culvert test ca" in one.issuer
    assert {re.sub(r"^\w+:", "", name) for name in one.alternative_names} == {"a.test", "*.b.test", "10.0.0.7"}
    assert (one.key, two.key) == ("ECDSA P-256", "RSA 2048")
    for entry, issued in (one, first), (two, second):
        assert entry.fingerprint.replace(":", "").lower() == hashlib.sha256(issued.der()).hexdigest()
        facts = ssl._ssl._test_decode_cert(issued.certificate)
        assert int(entry.serial_number.replace(":", ""), 16) == int(facts["serialNumber"], 16)
        assert entry.not_after.seconds == ssl.cert_time_to_seconds(facts["notAfter"])
        assert entry.not_before.seconds == ssl.cert_time_to_seconds(facts["notBefore"])


def test_certificates_are_those_that_are_shown_now(managed_proxy, localhost, authority):
    assert not managed_proxy.admin.runtime.ListCertificates().certificates
    for issued in localhost, authority.issue("after", "DNS:localhost"):
        managed_proxy.admin.apply(with_listeners(managed_proxy.config, listener(
            tls_terminate(issued), http_connect(), port=managed_proxy.port)))
        (entry,) = managed_proxy.admin.runtime.ListCertificates().certificates
        assert entry.fingerprint.replace(":", "").lower() == hashlib.sha256(issued.der()).hexdigest()


@pytest.fixture
def counters(managed_proxy):
    """counters(filter): {(name, listener): value}"""
    def read(wanted):
        metrics = managed_proxy.admin.runtime.GetStats(filter=wanted).metrics
        assert all(wanted in metric.name for metric in metrics)
        return {(one.name, one.labels.get("listener")): one.counter for one in metrics}
    return read


def test_stats_are_those_of_the_metrics_page(managed_proxy, counters, echo_server):
    name = "culvert_listener_connections_total"
    for expected in range(1, 4):
        client.open_tunnel(managed_proxy.address(), echo_server.address).close()
        assert counters(name)[name, "proxy"] == expected
    assert counters("no_such_metric") == {}


def test_stats_have_all_kinds_of_values(managed_proxy, echo_server, tunnel):
    tunnel(managed_proxy.address(), echo_server.address)
    answer = managed_proxy.admin.runtime.GetStats()
    kinds = {metric.WhichOneof("value") for metric in answer.metrics}
    assert kinds == {"counter", "gauge", "histogram"}
    assert answer.time.seconds > 1_600_000_000
    gauge = only([one for one in answer.metrics if one.labels.get("listener") == "proxy"],
                 name="culvert_listener_connections_active")
    assert gauge.gauge == 1
    for metric in answer.metrics:
        if metric.WhichOneof("value") == "histogram":
            bounds = [bucket.upper_bound for bucket in metric.histogram.buckets]
            assert bounds == sorted(bounds) and bounds[-1] == float("inf")
    assert any(bucket.count for one in answer.metrics for bucket in one.histogram.buckets)


def test_stats_come_again_at_the_interval(managed_proxy, echo_server):
    name = "culvert_listener_connections_total"
    watch = managed_proxy.admin.runtime.WatchStats(filter=name, interval={"nanos": 100_000_000})

    def count():
        answer = next(watch)
        return only(answer.metrics, name=name).counter, answer.time.ToNanoseconds()

    value, first = count()
    client.open_tunnel(managed_proxy.address(), echo_server.address).close()
    later = first
    while value == 0:
        value, later = count()
    assert value == 1 and later - first >= 80_000_000
    watch.cancel()
