"""One byte there and back, through tunnels, again and again; a program of its own, started by ping_pong.py.

    python3 -m harness.ping_pong_client SPEC

SPEC is JSON: {"proxy_port", "tunnels"}. It is both ends of the tunnels itself, and does nothing beside, so that what
it measures is the way in between. A line on standard input is answered with JSON: {"rounds", "median", "longest"} in
seconds, since the line before.
"""

import json
import select
import socket
import statistics
import sys
import time

from harness import client
from harness.ports import free_port

# Between two rounds: a client that never rests would take a whole CPU from what it measures.
_REST = 0.0002


class Tunnel:
    def __init__(self, proxy_port, listening):
        authority = f"127.0.0.1:{listening.getsockname()[1]}"
        self._near = client.open_tunnel(("127.0.0.1", proxy_port), authority)
        self._far, _ = listening.accept()
        self._far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def round_trip(self):
        start = time.perf_counter()
        self._near.sendall(b"i")
        assert self._far.recv(1) == b"i"
        self._far.sendall(b"o")
        assert self._near.recv(1) == b"o"
        return time.perf_counter() - start


def measure(tunnels):
    """The round trips until the next line of standard input; None at its end."""
    rounds = []
    while True:
        for tunnel in tunnels:
            rounds.append(tunnel.round_trip())
        if select.select([sys.stdin], [], [], _REST)[0]:
            return rounds if sys.stdin.readline() else None


def main():
    spec = json.loads(sys.argv[1])
    with socket.create_server(("127.0.0.1", free_port())) as listening:
        tunnels = [Tunnel(spec["proxy_port"], listening) for _ in range(spec["tunnels"])]
        while rounds := measure(tunnels):
            print(json.dumps({"rounds": len(rounds), "median": statistics.median(rounds), "longest": max(rounds)}),
                  flush=True)


if __name__ == "__main__":
    main()
