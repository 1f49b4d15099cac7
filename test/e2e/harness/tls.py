"""TLS by hand: hellos in pieces, and ends of one direction."""

import ssl


def client_hello(server_name=None, protocols=()):
    """The record of a ClientHello with that SNI and ALPN."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    outgoing = ssl.MemoryBIO()
    return client_hello_of(context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=server_name), outgoing)


def client_hello_of(tls, outgoing):
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def bytewise(hello):
    """One byte a packet."""
    return [hello[i:i + 1] for i in range(len(hello))]


def in_records(size):
    """Cuts the hello into records of `size` bytes each, sent at once."""
    def cut(hello):
        return [b"".join(_records(hello, size))]
    return cut


def in_records_and_packets(size):
    """Records of `size` bytes, and packets that end within them."""
    def cut(hello):
        data = b"".join(_records(hello, size))
        return [data[i:i + 7] for i in range(0, len(data), 7)]
    return cut


def _records(hello, size):
    kind, body = hello[:3], hello[5:]
    for start in range(0, len(body), size):
        part = body[start:start + size]
        yield kind + len(part).to_bytes(2, "big") + part


class TlsClient:
    """A TLS client that ends each direction on its own, as Python's sockets cannot.

    `cut` makes of the ClientHello the pieces that are sent one by one.
    """

    def __init__(self, connection, context, server_name="localhost", cut=lambda hello: [hello]):
        self._socket = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        for piece in cut(client_hello_of(self._tls, self._outgoing)):
            self._socket.sendall(piece)
        self._run(self._tls.do_handshake)

    def getpeercert(self, binary_form=False):
        return self._tls.getpeercert(binary_form)

    def _run(self, step):
        while True:
            try:
                result = step()
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                received = self._socket.recv(65536)
                if received:
                    self._incoming.write(received)
                else:
                    self._incoming.write_eof()

    def _flush(self):
        if data := self._outgoing.read():
            self._socket.sendall(data)

    def write(self, data):
        self._run(lambda: self._tls.write(data))

    def send_close_notify(self):
        """Ends the writing direction and leaves the reading one open."""
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            pass  # it has not come back yet
        self._flush()

    def read_to_close_notify(self):
        """All that comes until close_notify; an end without it raises ssl.SSLEOFError."""
        data = bytearray()
        while True:
            try:
                received = self._run(lambda: self._tls.read(65536))
            except ssl.SSLZeroReturnError:
                return bytes(data)
            if not received:
                return bytes(data)
            data += received
