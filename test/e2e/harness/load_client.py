"""Clients that open, use and close connections without pause; a program of its own, started by load.py.

    python3 -m harness.load_client SPEC

SPEC is JSON: {"echo_port", "clients", "held", "ca", "targets": [{"port", "tls", "tunnel", "server_name"}]}. It runs the
echo service itself. A line `count` on standard input is answered with the connections that were used so far; the end
of standard input ends it, with a line of JSON: {"used", "failures"}.
"""

import asyncio
import itertools
import json
import ssl
import struct
import sys

from harness import client

TIMEOUT = 20
_PATTERN = bytes(range(256)) * 64


class Echo(asyncio.Protocol):
    """Sends back what comes, and ends when the client has ended."""

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._transport.write(data)


class Load:
    def __init__(self, spec):
        self._spec = spec
        self._tls = ssl.create_default_context(cafile=spec["ca"]) if spec.get("ca") else None
        self._turns = itertools.cycle(spec["targets"])
        self._numbers = itertools.count()
        self._stopped = asyncio.Event()
        self.used = 0
        self.failures = []

    async def run(self):
        loop = asyncio.get_running_loop()
        echo = await loop.create_server(Echo, "127.0.0.1", self._spec["echo_port"], backlog=4096)
        loop.add_reader(sys.stdin, self._obey)
        await asyncio.gather(*(self._open_use_close() for _ in range(self._spec["clients"])),
                             *(self._hold() for _ in range(self._spec["held"])))
        echo.close()

    def _obey(self):
        if sys.stdin.readline():
            print(self.used, flush=True)
        else:
            asyncio.get_running_loop().remove_reader(sys.stdin)
            self._stopped.set()

    async def _open_use_close(self):
        """A client that is never without a connection."""
        while not self._stopped.is_set():
            target, number = next(self._turns), next(self._numbers)
            try:
                async with asyncio.timeout(TIMEOUT):
                    await self._use(target, number)
                self.used += 1
            except Exception as error:  # whatever it is, the test is to hear of it
                self.failures.append(f"connection {number} to {target}: {error!r}")
                await asyncio.sleep(0.05)

    async def _use(self, target, number):
        reader, writer = await self._open(target)
        try:
            await self._exchange(reader, writer, number, turns=3)
            if writer.can_write_eof():
                writer.write_eof()
                assert await reader.read() == b"", "bytes after the end"
        finally:
            writer.close()
            await writer.wait_closed()

    async def _hold(self):
        """One connection for the whole time, always in use."""
        target, number = next(self._turns), next(self._numbers)
        try:
            reader, writer = await self._open(target)
            while not self._stopped.is_set():
                async with asyncio.timeout(TIMEOUT):
                    await self._exchange(reader, writer, number, turns=1)
                await asyncio.sleep(0.01)
            writer.close()
            await writer.wait_closed()
        except Exception as error:
            self.failures.append(f"connection {number} to {target}, held: {error!r}")

    async def _open(self, target):
        tls = self._tls if target["tls"] else None
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", target["port"], ssl=tls, server_hostname=target["server_name"] if tls else None)
        if target["tunnel"]:
            writer.write(client.connect_head(f"127.0.0.1:{self._spec['echo_port']}"))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
        return reader, writer

    @staticmethod
    async def _exchange(reader, writer, number, turns):
        for turn in range(turns):
            message = struct.pack("!QI", number, turn) + _PATTERN[number % 251:number % 251 + (number * 37) % 8192]
            writer.write(message)
            assert await reader.readexactly(len(message)) == message, "wrong bytes"


def main():
    async def run():
        load = Load(json.loads(sys.argv[1]))
        await load.run()
        print(json.dumps({"used": load.used, "failures": load.failures[:20]}), flush=True)
    asyncio.run(run())


if __name__ == "__main__":
    main()
