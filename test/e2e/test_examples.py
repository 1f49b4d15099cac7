"""Every config of examples/ loads, with the files that it says it needs; the quick start works."""

import pathlib
import re
import shutil
import subprocess

import pytest

from harness.culvert import BINARY, run_command
from harness.ports import free_port, is_listening
from harness.waiting import eventually

_ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.name for path in (_ROOT / "examples").iterdir() if path.is_file())


@pytest.fixture
def examples(tmp_path, authority, localhost):
    """A copy of examples/ beside which every file that the configs name exists."""
    folder = tmp_path / "examples"
    shutil.copytree(_ROOT / "examples", folder)
    for file in folder.iterdir():
        for name in re.findall(r"filename: ([^\s,}]+)", file.read_text()):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            if "ca.crt" in path.name:
                shutil.copy(authority.certificate, path)
            elif path.suffix == ".crt":
                shutil.copy(localhost.certificate, path)
            elif path.suffix == ".key":
                shutil.copy(localhost.key, path)
            elif path.suffix == ".htpasswd":
                path.write_text("demo:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")  # password
    return folder


@pytest.mark.parametrize("name", EXAMPLES)
def test_loads(examples, name):
    done = run_command("validate", "-c", examples / name, environment={"BUILDER_PASSWORD": "secret"})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", EXAMPLES)
def test_files_are_missed(name, tmp_path):
    """Without the files the same configs are refused: they do name them."""
    shutil.copy(_ROOT / "examples" / name, tmp_path)
    done = run_command("validate", "-c", tmp_path / name)
    assert done.returncode == 1 and ".crt" in done.stderr


def test_quick_start_carries_its_own_metrics(examples, authority):
    """The line that tools/run prints for machines without a network."""
    text = (examples / "quickstart.yaml").read_text()
    ports = {"8443": free_port(), "9902": free_port()}
    for fixed, free in ports.items():
        assert fixed in text
        text = text.replace(fixed, str(free))
    (examples / "quickstart.yaml").write_text(text)
    process = subprocess.Popen([BINARY, "run", "-c", examples / "quickstart.yaml"], stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: process.poll() is not None or all(is_listening(port) for port in ports.values()),
                   what="the quick start to listen")
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--proxytunnel", "--noproxy", "", "--proxy-cacert",
             authority.certificate, "--proxy", f"https://demo:password@localhost:{ports['8443']}",
             f"http://127.0.0.1:{ports['9902']}/metrics"], capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0 and "# TYPE culvert_" in done.stdout, done.stderr
    finally:
        process.terminate()
        assert process.wait(20) == 0
