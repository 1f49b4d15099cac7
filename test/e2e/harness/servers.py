"""Destinations for the proxy to connect to: each runs in threads of the test's own process, on loopback."""

import contextlib
import functools
import hashlib
import http.server
import os
import select
import socket
import struct
import threading

from harness.certificates import server_context
from harness.ports import free_port


class Server:
    """Accepts on `host:port` (or a Unix socket) and calls `handle(connection)` in a thread for each connection."""

    def __init__(self, handle, host="127.0.0.1", port=None, path=None, tls=None):
        self._handle = handle
        self._tls = tls
        self.accepted = 0
        self.errors = []
        if path:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.bind(str(path))
            self.address = f"unix:{path}"
        else:
            self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((host, port or free_port(host)))
            self.port = self._socket.getsockname()[1]
            self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self._socket.listen(4096)
        self._connections = set()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.accepted += 1
            self._connections.add(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        try:
            connection.settimeout(60)
            stream = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with stream:
                self._handle(stream)
        except OSError as error:
            self.errors.append(error)
        finally:
            self._connections.discard(connection)
            connection.close()

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def echo(connection):
    """Sends back what comes, and ends when the client has ended."""
    while data := connection.recv(65536):
        connection.sendall(data)


def greeter(greeting):
    """Says something first, then sends back what comes."""
    def handle(connection):
        connection.sendall(greeting)
        echo(connection)
    return handle


def sink(connection):
    """Reads to the end, then answers with the count and the SHA-256 of what came: needs half-close to work."""
    digest, count = hashlib.sha256(), 0
    buffer = bytearray(1 << 20)
    while size := connection.recv_into(buffer):
        digest.update(memoryview(buffer)[:size])
        count += size
    connection.sendall(f"{count} {digest.hexdigest()}".encode())


def source(chunks):
    """Sends what `chunks()` yields, ends its own direction, and then waits for the client's end."""
    def handle(connection):
        for chunk in chunks():
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    return handle


def hold(connection):
    """Reads nothing and says nothing until the client is gone."""
    with contextlib.suppress(OSError):
        poller = select.poll()
        poller.register(connection, 0)
        poller.poll(60_000)


def reset(connection):
    """Ends the connection with RST as soon as the first byte has come."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def pseudo_random_chunks(total, size=1 << 20, seed=os.urandom(16)):
    """Chunks of `total` bytes altogether that are cheap to make, and of which no two are alike."""
    block = bytearray(hashlib.shake_256(seed).digest(size))
    for number in range(-(-total // size)):
        struct.pack_into("!Q", block, 0, number)
        yield memoryview(block)[:min(size, total - number * size)]


def digest_of(chunks):
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


class BlackHole:
    """A port on which connects are never answered: it listens, and its backlog is full."""

    def __init__(self, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(family)
        self._listener.bind((host, free_port(host)))
        self._listener.listen(0)
        self.port = self._listener.getsockname()[1]
        self._fillers = []
        for _ in range(4):
            filler = socket.socket(family)
            filler.setblocking(False)
            filler.connect_ex((host, self.port))
            self._fillers.append(filler)

    def close(self):
        for filler in self._fillers:
            filler.close()
        self._listener.close()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


class FileServer:
    """HTTP, or HTTPS with a certificate, for the files of a folder. `requests` are the request lines it got."""

    def __init__(self, folder, issued=None, tickets=2):
        self.requests = requests = []
        self.headers = headers = []

        class Handler(_QuietHandler):
            def parse_request(self):
                good = super().parse_request()
                if good:
                    requests.append(self.requestline)
                    headers.append(dict(self.headers))
                return good

        self._server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", free_port()), functools.partial(Handler, directory=str(folder)))
        self._server.daemon_threads = True
        if issued:
            self._server.socket = server_context(issued, tickets).wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
