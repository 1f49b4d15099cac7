"""The access log: one line for each connection or request, with the facts an operator asks for."""

import datetime
import json
import os
import signal

import pytest

from harness import client
from harness.config import auth, config, http_connect, listener, users
from harness.waiting import eventually


@pytest.fixture
def log_file(tmp_path):
    return tmp_path / "access.log"


@pytest.fixture
def logged(start, log_file):
    """logged(format, ...) runs a CONNECT proxy that writes `log_file`."""
    def run(kind="JSON", **fields):
        settings = {"filename": str(log_file), "format": kind, **fields}
        return start(config(listener(http_connect()), access_log=[settings]))
    return run


def use_tunnel(proxy, server, data=b"0123456789"):
    with client.open_tunnel(proxy.address(), server.address) as connection:
        client.assert_echoes(connection, data)


def lines_of(file, count=1):
    """The lines of the file once there are `count` of them."""
    def read():
        lines = file.read_text().splitlines() if file.exists() else []
        return lines if len(lines) >= count else None
    return eventually(read, what=f"{count} lines in {file.name}")


def test_facts_of_a_tunnel(start, echo_server):
    proxy = start(config(listener(auth(), http_connect(), name="edge"),
                         identity_providers=[users("alice:a", groups=["ops"])]))
    with client.open_tunnel(proxy.address(), echo_server.address, "alice:a") as connection:
        own_port = connection.getsockname()[1]
        client.assert_echoes(connection, b"0123456789")
    record = proxy.wait_for_record()
    assert record.listener == "edge"
    assert record.downstream_remote_address == f"127.0.0.1:{own_port}"
    assert record.downstream_local_address == f"127.0.0.1:{proxy.port}"
    assert (record.identity, record.groups) == ("alice", ["ops"])
    assert (record.method, record.status, record.protocol) == ("CONNECT", 200, "connect")
    assert record.destination == echo_server.address
    assert record.resolved_address == echo_server.address
    assert record.ended_by == "http_connect" and record.reason
    assert record.upstream_bytes_sent == record.upstream_bytes_received == 10
    assert record.downstream_bytes_received > 10 and record.downstream_bytes_sent > 10
    assert record.total_ms >= record.connect_ms >= 0
    moment = datetime.datetime.fromisoformat(record.time)
    assert abs((datetime.datetime.now(datetime.timezone.utc) - moment).total_seconds()) < 60


def test_each_request_has_its_own_record(start, dial):
    proxy = start(config(listener({"metrics": {}}, http_connect())))
    connection = dial(proxy.address())
    for path in (b"/metrics", b"/nothing"):
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.read_reply(connection)
    found = proxy.wait_for_record(lambda record: record.status == 200)
    missing = proxy.wait_for_record(lambda record: record.status == 404)
    assert (found.target, found.ended_by) == ("/metrics", "metrics")
    assert missing.target == "/nothing"
    assert found.connection_id == missing.connection_id


def test_ways_to_end_have_reasons_of_their_own(start, echo_server, free_port):
    proxy = start(config(listener(http_connect(idle_timeout="0.3s"))))
    client.refused_tunnel(proxy.address(), "192.0.2.1:443")
    client.refused_tunnel(proxy.address(), f"127.0.0.1:{free_port}")
    with client.open_tunnel(proxy.address(), echo_server.address) as connection:
        client.is_closed(connection)
    eventually(lambda: len(proxy.records()) >= 3)
    reasons = [record.reason for record in proxy.records()]
    assert len(set(reasons)) == 3, reasons
    assert all(" " not in reason for reason in reasons), "a reason is a token; words are for `details`"


def test_peer_cannot_forge_a_line(start, dial):
    proxy = start(config(listener(http_connect())))
    connection = dial(proxy.address())
    connection.sendall(b'GET /"},{"status":200\\ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    client.read_to_any_end(connection)
    record = proxy.wait_for_record()
    assert record.status in (400, 404)


def test_file_has_one_json_object_a_line(logged, log_file, echo_server):
    proxy = logged()
    for _ in range(3):
        use_tunnel(proxy, echo_server)
    assert [json.loads(line)["status"] for line in lines_of(log_file, 3)] == [200] * 3


def test_text_format(logged, log_file, echo_server):
    use_tunnel(logged("TEXT"), echo_server)
    (line,) = lines_of(log_file)
    assert " CONNECT " in line and " 200 " in line
    assert f"destination={echo_server.address}" in line


def test_log_of_the_listener_replaces_the_one_for_all(start, tmp_path, echo_server):
    own, common = tmp_path / "own.log", tmp_path / "common.log"
    proxy = start(config(listener(http_connect(), access_log=[{"filename": str(own)}]),
                         access_log=[{"filename": str(common)}]))
    use_tunnel(proxy, echo_server)
    assert len(lines_of(own)) == 1
    assert common.read_text() == ""


def test_sigusr1_opens_the_file_again(logged, log_file, echo_server):
    proxy = logged()
    use_tunnel(proxy, echo_server)
    lines_of(log_file)
    rotated = log_file.with_suffix(".1")
    log_file.rename(rotated)
    proxy.send_signal(signal.SIGUSR1)
    eventually(log_file.exists, what="the new file")
    use_tunnel(proxy, echo_server)
    assert len(lines_of(log_file)) == 1
    assert len(rotated.read_text().splitlines()) == 1


def test_full_disk_loses_lines_and_not_traffic(start, echo_server):
    proxy = start(config(listener(http_connect()), listener({"metrics": {}}, name="metrics"),
                         access_log=[{"filename": "/dev/full"}]))
    for _ in range(20):
        use_tunnel(proxy, echo_server)
    eventually(lambda: sum(value for name, value in proxy.metrics().items()
                           if "access_log" in name and ("dropped" in name or "lost" in name)) > 0,
               what="a count of lost lines")


def test_log_that_nobody_reads_loses_lines_and_not_traffic(start, tmp_path, echo_server, cleanup):
    pipe = tmp_path / "access.pipe"
    os.mkfifo(pipe)
    cleanup.callback(os.close, os.open(pipe, os.O_RDWR))
    proxy = start(config(listener(http_connect()), listener({"metrics": {}}, name="metrics"),
                         access_log=[{"filename": str(pipe), "buffer_size": "4KiB"}]))
    for _ in range(300):
        use_tunnel(proxy, echo_server)
    eventually(lambda: sum(value for name, value in proxy.metrics().items() if "lines_dropped" in name) > 0,
               what="a count of lost lines")
    assert proxy.stop() == 0


def test_lines_are_whole_when_the_process_ends(logged, log_file, echo_server):
    proxy = logged()
    for _ in range(50):
        use_tunnel(proxy, echo_server)
    assert proxy.stop() == 0
    assert len([json.loads(line) for line in log_file.read_text().splitlines()]) == 50
