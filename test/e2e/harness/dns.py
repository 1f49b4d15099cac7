"""A DNS server on loopback that answers from a table (RFC 1035), over UDP."""

import ipaddress
import socket
import struct
import threading

_A, _SOA, _AAAA = 1, 6, 28
_NXDOMAIN, _SERVFAIL = 3, 2


class DnsServer:
    """Answers A and AAAA. Names that nobody added do not exist; `queries` counts the questions by (name, type)."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self._names = {}
        self._behaviours = {}
        self.silent_types = set()  # (name, type) whose questions are never answered
        self.queries = {}
        self.negative_ttl = 60
        self._closing = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def add(self, name, *addresses, ttl=60):
        """The name has these IPv4 and IPv6 addresses, and no others."""
        self._names[name] = ([ipaddress.ip_address(address) for address in addresses], ttl)
        return name

    def add_silent(self, name):
        """Questions about the name are never answered."""
        self._behaviours[name] = "silent"
        return name

    def add_failing(self, name):
        """Questions about the name are answered with SERVFAIL."""
        self._behaviours[name] = "failing"
        return name

    def count(self, name, kind="A"):
        return self.queries.get((name, kind), 0)

    def close(self):
        self._closing = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()

    def _serve(self):
        while not self._closing:
            query, client = self._socket.recvfrom(4096)
            reply = self._answer(query) if len(query) > 12 else None
            if reply:
                self._socket.sendto(reply, client)

    def _answer(self, query):
        name, end = _read_name(query, 12)
        (kind,) = struct.unpack_from("!H", query, end)
        question = query[12:end + 4]
        label = {_A: "A", _AAAA: "AAAA"}.get(kind, str(kind))
        self.queries[name, label] = self.queries.get((name, label), 0) + 1
        behaviour = self._behaviours.get(name)
        if behaviour == "silent" or (name, label) in self.silent_types:
            return None
        if behaviour == "failing":
            return _reply(query, question, _SERVFAIL, [], [])
        if name not in self._names:
            return _reply(query, question, _NXDOMAIN, [], [self._start_of_authority()])
        addresses, ttl = self._names[name]
        wanted = [address for address in addresses if (address.version == 4) == (kind == _A) and kind in (_A, _AAAA)]
        answers = [struct.pack("!HHHIH", 0xC00C, kind, 1, ttl, len(a.packed)) + a.packed for a in wanted]
        return _reply(query, question, 0, answers, [] if answers else [self._start_of_authority()])

    def _start_of_authority(self):
        """Its last field, and its own TTL, say how long the absence of a name holds (RFC 2308)."""
        data = b"\0\0" + struct.pack("!IIIII", 1, 3600, 600, 86400, self.negative_ttl)
        return b"\0" + struct.pack("!HHIH", _SOA, 1, self.negative_ttl, len(data)) + data


def _reply(query, question, code, answers, authorities):
    header = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(answers), len(authorities), 0)
    return header + question + b"".join(answers) + b"".join(authorities)


def _read_name(message, offset):
    """The name at `offset`, in lower case without the last dot, and where it ends."""
    labels = []
    while message[offset]:
        length = message[offset]
        labels.append(message[offset + 1:offset + 1 + length].decode().lower())
        offset += 1 + length
    return ".".join(labels), offset + 1
