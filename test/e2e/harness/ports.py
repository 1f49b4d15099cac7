"""Loopback ports that nobody uses."""

import errno
import random
import socket

# Below the range from which the kernel takes the ports of outgoing connections.
_RANGE = range(15000, 32000)
_given = set()


def free_port(host="127.0.0.1"):
    """A port that can be bound now, and that no other call has returned."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        port = random.choice(_RANGE)
        if port in _given:
            continue
        with socket.socket(family) as probe:
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
        _given.add(port)
        return port


def is_listening(port):
    """Whether a TCP socket listens on `port`; asks the kernel, so that the listener sees no connection."""
    wanted = f":{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as lines:
            for line in lines:
                fields = line.split()
                if fields[1].endswith(wanted) and fields[3] == "0A":
                    return True
    return False
