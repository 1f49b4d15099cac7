"""Fixtures of the end-to-end tests. What a test starts, its fixture ends."""

import contextlib

import pytest

from harness import client, culvertctl, ports
from harness.admin import Admin
from harness.certificates import Authority, server_context
from harness.config import cluster, config, http_connect, listener, tls_terminate
from harness.culvert import BINARY, Culvert
from harness.dns import DnsServer
from harness.servers import BlackHole, FileServer, Server, echo
from harness.successor import wait_until_served_by


def pytest_configure():
    for program, variable in (BINARY, "CULVERT_BIN"), (culvertctl.BINARY, "CULVERTCTL_BIN"):
        if not program.exists():
            pytest.exit(f"{program} is not there: build it with `bazel build --config=release //source/exe:all`, "
                        f"or name another binary in {variable}", returncode=2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows what the proxies of a failed test printed."""
    report = (yield).get_result()
    if not report.failed:
        return
    for proxy in getattr(item, "proxies", []):
        report.sections.append(("culvert log", "\n".join(proxy.log[-100:])))
        report.sections.append(("culvert access log", "\n".join(map(repr, proxy.records()[-20:]))))


@pytest.fixture
def start(request, tmp_path):
    """start(config, ...) runs the proxy and returns it once it listens. It must end with status 0 on SIGTERM."""
    request.node.proxies = proxies = []

    def start_culvert(settings, folder=None, **options):
        folder = folder or tmp_path / f"culvert{len(proxies)}"
        folder.mkdir(exist_ok=True)
        proxy = Culvert(folder, settings, **options)
        proxies.append(proxy)
        return proxy.wait_until_listening()

    yield start_culvert
    ends = [proxy.stop() for proxy in proxies]
    assert [end for proxy, end in zip(proxies, ends) if proxy.has_listened and end != 0] == [], "how it ended"


@pytest.fixture
def connect_admin(cleanup):
    """connect_admin(proxy) or connect_admin(address, ...): a client of the admin API, closed after the test."""
    def connect(target, **options):
        address = target if isinstance(target, str) else target.admin_address
        return cleanup.enter_context(Admin(address, **options))
    return connect


@pytest.fixture
def start_managed(start, tmp_path, connect_admin):
    """start_managed(config, ...): start() with a state directory; the proxy has `admin`, a client of its API."""
    def run(settings, **options):
        settings["process"].setdefault("state_directory", str(tmp_path / "state"))
        proxy = start(settings, **options)
        proxy.admin = connect_admin(proxy).wait_until_ready()
        return proxy
    return run


@pytest.fixture
def managed_proxy(start_managed):
    """A CONNECT proxy that lets everyone go to loopback, with `admin`."""
    return start_managed(config(listener(http_connect())))


@pytest.fixture
def take_over(request, start, connect_admin):
    """take_over(proxy, ...): starts a second process that takes over, and returns it once it alone serves."""
    def run(proxy, settings=None, **options):
        arguments = ["--take-over", *options.pop("arguments", ())]
        successor = Culvert(proxy.folder, settings or proxy.config, arguments=arguments, **options)
        request.node.proxies.append(successor)
        wait_until_served_by(successor.admin_address, successor.pid)
        successor.has_listened = True
        successor.admin = connect_admin(successor).wait_until_ready()
        # For a moment both accept: the old process lets go once it has told the new one to begin.
        proxy.wait_for_log(r"draining: \d+ connection")
        return successor
    return run


@pytest.fixture
def cleanup():
    """An ExitStack for what a test opens."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def serve(cleanup):
    """serve(handler, ...) runs a Server."""
    def start_server(handle, **options):
        server = Server(handle, **options)
        cleanup.callback(server.close)
        return server
    return start_server


@pytest.fixture
def echo_server(serve):
    return serve(echo)


@pytest.fixture
def black_hole(cleanup):
    hole = BlackHole()
    cleanup.callback(hole.close)
    return hole


@pytest.fixture
def free_port():
    """A loopback port on which nothing listens."""
    return ports.free_port()


@pytest.fixture
def dns(cleanup):
    server = DnsServer()
    cleanup.callback(server.close)
    return server


@pytest.fixture
def tunnel(cleanup):
    """client.open_tunnel() whose connection is closed after the test."""
    def open_tunnel(*arguments, **options):
        return cleanup.enter_context(contextlib.closing(client.open_tunnel(*arguments, **options)))
    return open_tunnel


@pytest.fixture
def dial(cleanup):
    """client.dial() whose connection is closed after the test."""
    def open_connection(*arguments, **options):
        return cleanup.enter_context(contextlib.closing(client.dial(*arguments, **options)))
    return open_connection


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def localhost(authority):
    """A certificate for localhost, 127.0.0.1 and ::1."""
    return authority.issue("localhost")


@pytest.fixture(scope="session")
def trust(authority):
    """A client's TLS settings that trust the tests' authority."""
    return authority.client_context()


@pytest.fixture
def web_site(tmp_path, localhost, cleanup):
    """An HTTPS server with one page, hello.txt."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "hello.txt").write_text("hello through the tunnel\n")
    server = FileServer(folder, localhost)
    cleanup.callback(server.close)
    server.folder = folder
    return server


@pytest.fixture
def plain_proxy(start):
    """A CONNECT proxy without TLS or passwords that lets everyone go to loopback."""
    return start(config(listener(http_connect())))


@pytest.fixture
def secure_proxy(start, localhost):
    """The same over TLS."""
    return start(config(listener(tls_terminate(localhost), http_connect())))


@pytest.fixture(params=["http", "https"])
def any_proxy(request, start, localhost, trust):
    """Both, with `tls`: what client.dial() needs."""
    filters = [tls_terminate(localhost)] if request.param == "https" else []
    proxy = start(config(listener(*filters, http_connect())))
    proxy.scheme = request.param
    proxy.tls = trust if request.param == "https" else None
    return proxy


@pytest.fixture
def echo_over_tls(serve, localhost):
    return serve(echo, tls=server_context(localhost))


@pytest.fixture
def serve_tls(start, echo_server):
    """serve_tls(certificates..., fields...) runs an echo service behind tls_terminate."""
    def run(*issued, **fields):
        return start(config(
            listener(tls_terminate(*issued, **fields), {"tcp_proxy": {"cluster": "echo"}}),
            clusters=[cluster("echo", echo_server.address)]))
    return run
