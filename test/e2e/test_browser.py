"""Chromium loads a page over https through the https proxy."""

import os
import subprocess
import tempfile

import pytest

from harness.config import LOOPBACK, config, http_connect, listener, tls_terminate

PAGE = """<!doctype html><title>Through Culvert</title><p id=text>not yet</p>
<script src="script.js"></script>"""
SCRIPT = """fetch('data.txt').then(reply => reply.text()).then(text => {
  document.getElementById('text').textContent = 'loaded ' + text.length + ' bytes';
});"""


@pytest.fixture
def browse(localhost):
    """browse(proxy, url): the page's document after its scripts have run."""
    # Chromium asks for a user name and a password in a window only: the listeners of these tests want none.
    def run(proxy, url):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            done = subprocess.run(
                ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--disable-dev-shm-usage", f"--user-data-dir={profile}",
                 f"--proxy-server=https://localhost:{proxy.port}", "--proxy-bypass-list=<-loopback>",
                 f"--ignore-certificate-errors-spki-list={localhost.spki_sha256()}",
                 "--virtual-time-budget=10000", "--dump-dom", url],
                capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "HOME": profile})
        return done.stdout
    return run


def test_page_with_script_and_data_is_shown(secure_proxy, web_site, browse):
    (web_site.folder / "index.html").write_text(PAGE)
    (web_site.folder / "script.js").write_text(SCRIPT)
    (web_site.folder / "data.txt").write_text("x" * 500_000)
    document = browse(secure_proxy, f"https://localhost:{web_site.port}/index.html")
    assert "loaded 500000 bytes" in document
    record = secure_proxy.wait_for_record(lambda record: record.destination == f"localhost:{web_site.port}")
    assert record.status == 200


def test_denied_page_is_not_shown(start, localhost, web_site, browse):
    policy = {"rules": [{"allow": {"networks": LOOPBACK, "ports": ["1"]}}]}
    proxy = start(config(listener(tls_terminate(localhost), http_connect(policy))))
    (web_site.folder / "index.html").write_text(PAGE)
    assert "Through Culvert" not in browse(proxy, f"https://localhost:{web_site.port}/index.html")
    assert web_site.requests == []
    assert proxy.wait_for_record(lambda record: record.status == 403)
