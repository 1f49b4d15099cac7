"""Two thousand tunnels at once."""

import asyncio
import resource
import threading

import pytest

from harness import client
from harness.config import config, http_connect, listener, tls_terminate
from harness.ports import free_port
from harness.waiting import eventually

COUNT = 2000


@pytest.fixture(autouse=True)
def enough_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * COUNT + 500
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class EchoProtocol(asyncio.Protocol):
    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._transport.write(data)


class AsyncEcho:
    """An echo server that needs no thread for each connection."""

    def __init__(self):
        self.port = free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = self._loop.create_server(EchoProtocol, "127.0.0.1", self.port, backlog=4096)
        asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture
def async_echo(cleanup):
    server = AsyncEcho()
    cleanup.callback(server.close)
    return server.port


async def open_tunnel(proxy_port, echo_port, tls, limit):
    async with limit:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", proxy_port, ssl=tls, server_hostname="localhost" if tls else None)
        writer.write(client.connect_head(f"127.0.0.1:{echo_port}"))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        return reader, writer


async def echo_once(reader, writer, number):
    message = b"tunnel %d" % number
    writer.write(message)
    assert await reader.readexactly(len(message)) == message


async def use_all(proxy, echo_port, tls):
    """Opens all the tunnels, uses every one while all are open, and ends them."""
    limit = asyncio.Semaphore(200)
    async with asyncio.timeout(120):
        tunnels = await asyncio.gather(*(open_tunnel(proxy.port, echo_port, tls, limit) for _ in range(COUNT)))
        for _ in range(2):
            await asyncio.gather(*(echo_once(*tunnel, number) for number, tunnel in enumerate(tunnels)))
        files = proxy.open_files()
        for _, writer in tunnels:
            writer.transport.abort()
    return files


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_two_thousand_tunnels_at_once(start, async_echo, localhost, trust, secure):
    filters = [tls_terminate(localhost)] if secure else []
    # All of them end at once; a reader of the log that is slow just then is to lose none.
    log = [{"filename": "/dev/stdout", "buffer_size": "16MiB"}]
    proxy = start(config(listener(*filters, http_connect()), access_log=log), open_files=4 * COUNT + 500)
    idle_files = proxy.open_files()
    files = asyncio.run(use_all(proxy, async_echo, trust if secure else None))
    assert files >= idle_files + 2 * COUNT, "every tunnel was open"
    assert proxy.memory("VmHWM") < (300 << 20)
    eventually(lambda: proxy.open_files() <= idle_files + 50, 30, "closing the files of ended tunnels")
    eventually(lambda: len(proxy.records()) == COUNT, 30, "a record for every tunnel")
