"""A gibibyte each way, and what it does to memory."""

import hashlib
import os
import socket
import threading

import pytest

from harness import client
from harness.servers import digest_of, pseudo_random_chunks, sink, source

GIBIBYTE = 1 << 30
MEBIBYTE = 1 << 20


def chunks():
    return pseudo_random_chunks(GIBIBYTE)


@pytest.fixture(scope="module")
def digest():
    return digest_of(chunks())


def read_digest(connection, start=b""):
    """SHA-256 and count of all that comes until the end."""
    result, count, buffer = hashlib.sha256(start), len(start), bytearray(MEBIBYTE)
    while size := connection.recv_into(buffer):
        result.update(memoryview(buffer)[:size])
        count += size
    return result.hexdigest(), count


def test_a_gibibyte_goes_up_unchanged(plain_proxy, serve, tunnel, digest):
    connection = tunnel(plain_proxy.address(), serve(sink).address)
    for chunk in chunks():
        connection.sendall(chunk)
    connection.shutdown(socket.SHUT_WR)
    assert client.read_to_end(connection).decode() == f"{GIBIBYTE} {digest}"


def test_a_gibibyte_comes_down_unchanged(any_proxy, serve, digest):
    connection, reply = client.connect(any_proxy.address(), serve(source(chunks)).address, tls=any_proxy.tls)
    with connection:
        assert read_digest(connection, reply.rest) == (digest, GIBIBYTE)
    record = any_proxy.wait_for_record(lambda record: record.method == "CONNECT")
    assert record.downstream_bytes_sent >= GIBIBYTE
    assert any_proxy.memory("VmHWM") < 200 * MEBIBYTE


def test_a_gibibyte_goes_up_unchanged_over_tls(secure_proxy, serve, tunnel, trust, digest):
    verdicts = []

    def counting(connection):
        # No half-close in Python's TLS: the server knows how much is to come.
        result, left, buffer = hashlib.sha256(), GIBIBYTE, bytearray(MEBIBYTE)
        while left:
            size = connection.recv_into(buffer)
            assert size, f"{left} bytes are missing"
            result.update(memoryview(buffer)[:size])
            left -= size
        verdicts.append(result.hexdigest())
        connection.sendall(b"done")

    connection = tunnel(secure_proxy.address(), serve(counting).address, tls=trust)
    for chunk in chunks():
        connection.sendall(chunk)
    assert client.read_exactly(connection, 4) == b"done"
    assert verdicts == [digest]


def test_both_ways_at_once(plain_proxy, echo_server, tunnel):
    total = 256 * MEBIBYTE
    seed = os.urandom(16)
    connection = tunnel(plain_proxy.address(), echo_server.address)

    def send():
        for chunk in pseudo_random_chunks(total, seed=seed):
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    assert read_digest(connection) == (digest_of(pseudo_random_chunks(total, seed=seed)), total)
    sender.join()


def test_bytes_wait_in_the_sender_when_the_reader_stops(any_proxy, serve, tunnel):
    """Back-pressure: the proxy keeps no more than its buffers of what a peer does not read."""
    go_on = threading.Event()

    def late_reader(connection):
        go_on.wait(60)
        sink(connection)

    connection = tunnel(any_proxy.address(), serve(late_reader).address, tls=any_proxy.tls)
    before = any_proxy.memory()
    connection.settimeout(1)
    sent = 0
    with pytest.raises(TimeoutError):
        for chunk in pseudo_random_chunks(256 * MEBIBYTE, size=65536):
            connection.sendall(chunk)
            sent += len(chunk)
    go_on.set()
    assert sent < 64 * MEBIBYTE, "something takes without limit"
    assert any_proxy.memory() - before < 16 * MEBIBYTE
