"""ssh whose ProxyCommand asks for a CONNECT tunnel."""

import getpass
import os
import pathlib
import shutil
import subprocess

import pytest

from harness.config import auth, config, http_connect, listener, users
from harness.ports import free_port, is_listening
from harness.waiting import eventually


class SshServer:
    """sshd on loopback that lets one key in and lives in a folder."""

    def __init__(self, folder):
        self.port = free_port()
        self.key = folder / "user_key"
        self._make_key(self.key)
        self._make_key(folder / "host_key")
        shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
        host_key = (folder / "host_key.pub").read_text()
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {host_key}")
        settings = folder / "sshd_config"
        settings.write_text(f"""
            ListenAddress 127.0.0.1:{self.port}
            HostKey {folder}/host_key
            AuthorizedKeysFile {folder}/authorized_keys
            PidFile none
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin prohibit-password
        """)
        if os.geteuid() == 0:
            pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it confines itself before login
        self._log = folder / "sshd.log"
        self._process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", settings, "-E", self._log])
        eventually(lambda: is_listening(self.port), what=f"sshd on port {self.port}")

    @staticmethod
    def _make_key(file):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)

    def close(self):
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture
def ssh_server(tmp_path, cleanup):
    server = SshServer(tmp_path)
    cleanup.callback(server.close)
    return server


@pytest.fixture
def ssh(ssh_server):
    """ssh(proxy, credentials, command, ...) runs a command on the server, through the proxy."""
    def run(proxy, credentials, *command, given=None):
        helper = (f"ncat --proxy 127.0.0.1:{proxy.port} --proxy-type http --proxy-auth {credentials} %h %p")
        return subprocess.run(
            ["ssh", "-F", "none", "-i", ssh_server.key, "-p", str(ssh_server.port), "-o", "BatchMode=yes",
             "-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={ssh_server.known_hosts}",
             "-o", "StrictHostKeyChecking=yes", "-o", f"ProxyCommand={helper}",
             f"{getpass.getuser()}@127.0.0.1", *command],
            input=given, capture_output=True, timeout=60, check=False)
    return run


@pytest.fixture
def proxy(start):
    return start(config(listener(auth(), http_connect()), identity_providers=[users("alice:wonderland")]))


def test_command_runs_through_the_tunnel(proxy, ssh):
    done = ssh(proxy, "alice:wonderland", "echo", "here")
    assert (done.returncode, done.stdout) == (0, b"here\n"), done.stderr
    assert proxy.wait_for_record(lambda record: record.status == 200).identity == "alice"


def test_data_goes_both_ways_until_its_end(proxy, ssh):
    data = os.urandom(5_000_000)
    done = ssh(proxy, "alice:wonderland", "cat", given=data)
    assert done.stdout == data, done.stderr


def test_wrong_password_opens_no_session(proxy, ssh):
    assert ssh(proxy, "alice:wrong", "echo", "here").returncode == 255
