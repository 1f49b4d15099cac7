"""A process that takes over from another: who serves, and processes that the tests did not start themselves."""

import contextlib
import ctypes
import os
import select
import signal
import subprocess

import grpc

from harness.admin import Admin
from harness.waiting import eventually

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Processes whose parent has ended become children of this one, so that it hears how they end."""
    assert ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


class Adopted:
    """A process that another one started, with what is needed of Popen's interface."""

    def __init__(self, pid):
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)
        self._status = None

    def _has_ended(self, timeout):
        poller = select.poll()
        poller.register(self._descriptor, select.POLLIN)
        return bool(poller.poll(timeout * 1000))

    def poll(self):
        if self._status is None and self._has_ended(0):
            self.wait(1)
        return self._status

    def wait(self, timeout):
        """Its exit status, negative for a signal; -256 where it was no child of this process by then."""
        if self._status is not None:
            return self._status
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
        try:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        except ChildProcessError:
            self._status = -256
        os.close(self._descriptor)
        return self._status

    def send_signal(self, number):
        if self.poll() is None:
            signal.pidfd_send_signal(self._descriptor, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def serving_pid(address):
    """The process that answers at the address of the admin API; None while none does."""
    with contextlib.suppress(grpc.RpcError), Admin(address) as admin:
        return admin.server.GetInfo(deadline=5).pid
    return None


def wait_until_served_by(address, pid, timeout=30):
    eventually(lambda: serving_pid(address) == pid, timeout, f"process {pid} to serve")


def wait_for_successor(address, pid, timeout=30):
    """The process that serves instead of `pid`."""
    return eventually(lambda: (serving := serving_pid(address)) not in (None, pid) and serving, timeout,
                      f"a successor of process {pid}")
