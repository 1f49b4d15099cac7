"""How long a byte takes through the proxy and back while something else happens."""

import dataclasses
import json

from harness.load import start_program


@dataclasses.dataclass(frozen=True)
class Gaps:
    """Round trips, in seconds."""

    rounds: int
    median: float
    longest: float

    def __str__(self):
        return f"median {self.median * 1e6:.0f} us, longest {self.longest * 1e3:.2f} ms of {self.rounds} rounds"


class PingPong:
    """Several tunnels, so that every worker has some."""

    def __init__(self, proxy_port, tunnels=8):
        self._process = start_program("ping_pong_client", {"proxy_port": proxy_port, "tunnels": tunnels})
        self.since_last()

    def since_last(self):
        """The round trips since this was called last."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "a tunnel ended"
        return Gaps(**json.loads(line))

    def close(self):
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()
