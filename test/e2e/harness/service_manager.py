"""What systemd is to a service: a socket for its messages, and listening sockets that it is given at start."""

import socket
import threading


class NotifySocket:
    """$NOTIFY_SOCKET: `messages` are what came, each as a dict."""

    def __init__(self, path):
        self.messages = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = str(path)
        self._socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.environment = {"NOTIFY_SOCKET": str(path)}
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._closing:
            data = self._socket.recv(65536).decode()
            with self._changed:
                self.messages.append(dict(line.split("=", 1) for line in data.splitlines() if line))
                self._changed.notify_all()

    def count(self, **fields):
        return len(self._matching(fields))

    def wait_for(self, count=1, timeout=20, **fields):
        """The `count`-th message, past or future, with these fields."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._matching(fields)) >= count, timeout), (
                f"no {fields} among {self.messages}")
            return self._matching(fields)[count - 1]

    def wait_for_key(self, key, timeout=20):
        """The value of the first message with that key."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(key in one for one in self.messages), timeout), (
                f"no {key} among {self.messages}")
            return next(one[key] for one in self.messages if key in one)

    def _matching(self, fields):
        return [one for one in self.messages if fields.items() <= one.items()]

    def close(self):
        self._closing = True
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()


def socket_activation(*sockets, names=()):
    """Options for Culvert that give it listening sockets as descriptors from 3 on, with LISTEN_FDS and so on."""
    passed = [one.fileno() for one in sockets]
    # First out of the way, so that no descriptor is overwritten that is still to be copied.
    moves = [f"exec {{moved{number}}}<&{descriptor} {descriptor}<&-" for number, descriptor in enumerate(passed)]
    copies = [f"exec {3 + number}<&$moved{number} {{moved{number}}}<&-" for number in range(len(passed))]
    export = f"export LISTEN_PID=$$ LISTEN_FDS={len(sockets)} LISTEN_FDNAMES={':'.join(names)}"
    script = "; ".join([*moves, *copies, export, 'exec "$@"'])
    return {"wrapper": ["bash", "-c", script, "bash"], "passed": passed}
