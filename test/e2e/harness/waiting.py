"""Waiting for something that other processes do, with a deadline."""

import threading
import time


def eventually(condition, timeout=10, what="the condition"):
    """Returns the first true value of `condition()`; fails when there is none within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come true within {timeout} s"
        pause.wait(0.02)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self):
        self._start = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self._start
