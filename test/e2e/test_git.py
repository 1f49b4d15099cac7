"""git clone over https through the proxy."""

import os
import subprocess

import pytest

from harness.config import auth, config, http_connect, listener, tls_terminate, users
from harness.servers import FileServer


def git(*arguments, folder=None, environment=None, check=True):
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
             "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.test", "GIT_COMMITTER_NAME": "A",
             "GIT_COMMITTER_EMAIL": "a@example.test"}
    return subprocess.run(["git", *map(str, arguments)], cwd=folder, check=check, capture_output=True, text=True,
                          timeout=120, env={**clean, **(environment or {})})


@pytest.fixture
def repository(tmp_path, localhost, cleanup):
    """A repository behind an HTTPS server, with a few hundred objects: (its URL, its work tree)."""
    tree = tmp_path / "project"
    tree.mkdir()
    git("init", "--initial-branch=main", folder=tree)
    for number in range(30):
        (tree / f"file{number}").write_bytes(os.urandom(20_000))
        git("add", ".", folder=tree)
        git("commit", "--message", f"commit {number}", folder=tree)
    site = tmp_path / "git"
    git("clone", "--bare", tree, site / "project.git")
    git("update-server-info", folder=site / "project.git")
    # No session tickets: within TLS to the proxy, the libcurl (7.88 with GnuTLS) of Debian's git overlooks what follows
    # one in the same record and waits for ever, whatever the proxy is.
    server = FileServer(site, localhost, tickets=0)
    cleanup.callback(server.close)
    return f"https://localhost:{server.port}/project.git", tree


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_clone_through_the_proxy(start, repository, authority, localhost, tmp_path, scheme):
    url, tree = repository
    filters = [tls_terminate(localhost)] if scheme == "https" else []
    proxy = start(config(listener(*filters, auth(), http_connect()), identity_providers=[users("git:secret")]))
    git("-c", f"http.proxy={scheme}://git:secret@localhost:{proxy.port}",
        "-c", f"http.proxySSLCAInfo={authority.certificate}",
        "clone", url, tmp_path / "clone", environment={"GIT_SSL_CAINFO": str(authority.certificate), "NO_PROXY": ""})
    assert git("rev-parse", "HEAD", folder=tmp_path / "clone").stdout == git("rev-parse", "HEAD", folder=tree).stdout
    git("fsck", "--strict", folder=tmp_path / "clone")
    record = proxy.wait_for_record(lambda record: record.status == 200)
    assert record.identity == "git"


def test_clone_without_a_password_fails(start, repository, authority, tmp_path):
    proxy = start(config(listener(auth(), http_connect()), identity_providers=[users("git:secret")]))
    done = git("-c", f"http.proxy=http://localhost:{proxy.port}", "clone", repository[0], tmp_path / "clone",
               environment={"GIT_SSL_CAINFO": str(authority.certificate)}, check=False)
    assert done.returncode != 0
    assert "407" in done.stderr
