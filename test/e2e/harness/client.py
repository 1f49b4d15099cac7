"""A client that says exactly what a test wants said."""

import base64
import contextlib
import dataclasses
import socket
import ssl
import struct

TIMEOUT = 20


@dataclasses.dataclass
class Reply:
    """An HTTP reply. `rest` is what came after its head and body."""

    status: int
    reason: str
    headers: list
    body: bytes
    rest: bytes = b""

    def header(self, name):
        """The only value of the header, or None."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None


def dial(address, tls=None, server_name="localhost", source=None):
    """A connection to (host, port) or to a Unix socket; with `tls` (an SSLContext) after the handshake."""
    if isinstance(address, str):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(TIMEOUT)
        connection.connect(address)
    else:
        connection = socket.create_connection(address, TIMEOUT, source and (source, 0))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not tls:
        return connection
    # An end without close_notify is an error: it must not pass for the end of the data.
    return tls.wrap_socket(connection, server_hostname=server_name, suppress_ragged_eofs=False)


def basic(credentials):
    """The value of an Authorization header for `name:password`."""
    return "Basic " + base64.b64encode(credentials.encode()).decode()


def connect_head(authority, credentials=None, headers=()):
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", *headers]
    if credentials:
        lines.append("Proxy-Authorization: " + basic(credentials))
    return "\r\n".join([*lines, "", ""]).encode()


def read_until(connection, marker, before=b"", limit=1 << 20):
    """What comes up to and with the marker, and what came after it; `before` is what has come already."""
    data = before
    while marker not in data:
        received = connection.recv(65536)
        if not received:
            raise EOFError(f"the connection ended after {data!r}")
        data += received
        assert len(data) <= limit, "endless reply"
    head, _, rest = data.partition(marker)
    return head + marker, rest


def read_exactly(connection, count):
    data = bytearray()
    while len(data) < count:
        received = connection.recv(min(65536, count - len(data)))
        if not received:
            raise EOFError(f"the connection ended after {len(data)} of {count} bytes: {bytes(data[-200:])!r}")
        data += received
    return bytes(data)


def read_to_end(connection):
    data = bytearray()
    while received := connection.recv(65536):
        data += received
    return bytes(data)


def read_reply(connection, before=b""):
    """One HTTP reply with its body; `before` is what has come already."""
    reply = _read_head(connection, before)
    if reply.status >= 200:
        _read_body(connection, reply)
    return reply


def _read_head(connection, before=b""):
    head, rest = read_until(connection, b"\r\n\r\n", before)
    lines = head.decode("latin-1").split("\r\n")
    version, status, *reason = lines[0].split(" ", 2)
    assert version.startswith("HTTP/1."), lines[0]
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
    return Reply(int(status), "".join(reason), headers, b"", rest)


def _read_body(connection, reply):
    length = reply.header("Content-Length")
    if length is None:
        reply.body, reply.rest = reply.rest + read_to_end(connection), b""
        return
    length = int(length)
    if len(reply.rest) < length:
        reply.rest += read_exactly(connection, length - len(reply.rest))
    reply.body, reply.rest = reply.rest[:length], reply.rest[length:]


def connect(address, authority, credentials=None, tls=None, headers=(), early=b"", source=None):
    """Asks for a tunnel; returns the connection and the reply, whatever it is."""
    connection = dial(address, tls, source=source)
    try:
        connection.sendall(connect_head(authority, credentials, headers) + early)
        reply = _read_head(connection)
        if reply.status != 200:
            _read_body(connection, reply)
        return connection, reply
    except BaseException:
        connection.close()
        raise


def open_tunnel(address, authority, credentials=None, tls=None, headers=(), source=None):
    """A tunnel; fails unless the proxy answers 200 and nothing after it."""
    connection, reply = connect(address, authority, credentials, tls, headers, source=source)
    assert reply.status == 200, f"{reply}"
    assert reply.rest == b"", f"bytes after the head: {reply.rest!r}"
    return connection


def refused_tunnel(address, authority, credentials=None, tls=None, headers=(), source=None):
    """The reply to a CONNECT that must not be answered with a tunnel."""
    connection, reply = connect(address, authority, credentials, tls, headers, source=source)
    with connection:
        assert reply.status != 200, f"{reply}"
        return reply


def status_of(address, authority, credentials=None, tls=None):
    """The status of the reply to a CONNECT, whatever it is."""
    connection, reply = connect(address, authority, credentials, tls)
    connection.close()
    return reply.status


def exchange(address, request, tls=None):
    """The reply to a request given as bytes; the connection is closed after it."""
    with contextlib.closing(dial(address, tls)) as connection:
        connection.sendall(request)
        return read_reply(connection)


def send_reset(connection):
    """Closes with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_to_any_end(connection):
    """As read_to_end(), but a reset or a truncation is an end as well."""
    data = bytearray()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while received := connection.recv(65536):
            data += received
    return bytes(data)


def is_closed(connection):
    """Waits for the peer to end the connection in any way."""
    read_to_any_end(connection)
    return True


def assert_echoes(connection, data=b"ping"):
    connection.sendall(data)
    assert read_exactly(connection, len(data)) == data
