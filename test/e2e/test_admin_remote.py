"""The admin API through a listener: `admin` at the end of a chain, and what a client's certificate allows."""

import contextlib

import grpc
import pytest

from harness import client
from harness.admin import refused, source
from harness.certificates import Authority
from harness.config import (DENY_LOOPBACK, admin, config, http_connect, listener, tls_terminate, with_listeners)
from harness.culvert import run_command, write_config
from harness.waiting import eventually


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Who signs the certificates of operators."""
    return Authority(tmp_path_factory.mktemp("people"), "people")


@pytest.fixture(scope="module")
def operator(people):
    return people.issue("operator", "DNS:operator.test")


@pytest.fixture(scope="module")
def observer(people):
    return people.issue("observer", "DNS:observer.test")


@pytest.fixture
def remote_listener(localhost, people):
    """The listener of the API; its certificate of clients is `mode`."""
    def make(mode="REQUIRED", **fields):
        asked = {"mode": mode, "ca": {"filename": str(people.certificate)}}
        return listener(
            tls_terminate(localhost, application_protocols=["h2"], client_certificate=asked),
            admin(read_write=["operator.test"], read_only=["observer.test", "*.watchers.test"]), name="remote", **fields)
    return make


@pytest.fixture
def proxy(start_managed, remote_listener):
    return start_managed(config(listener(http_connect()), remote_listener()))


@pytest.fixture
def connect_as(authority, connect_admin):
    """connect_as(proxy, certificate): a client of the API with that certificate, or with none."""
    def connect(proxy, issued=None):
        own = {"private_key": issued.key.read_bytes(), "certificate_chain": issued.certificate.read_bytes()} if issued else {}
        credentials = grpc.ssl_channel_credentials(authority.certificate.read_bytes(), **own)
        return connect_admin("{}:{}".format(*proxy.address("remote")), credentials=credentials)
    return connect


def denying(proxy):
    """The proxy's config with a policy that refuses everyone; the API's listener stays."""
    own, remote = proxy.config["listeners"]
    return with_listeners(proxy.config, {**own, "filters": [http_connect(DENY_LOOPBACK)]}, remote)


def test_operator_may_do_everything_and_is_named(proxy, connect_as, operator, echo_server):
    api = connect_as(proxy, operator)
    version = api.apply(denying(proxy), label="from afar").version
    assert version.number == 2 and "operator" in version.author
    assert client.status_of(proxy.address(), echo_server.address) == 403
    assert api.config.Rollback(version=1).version.number == 3
    assert api.server.GetInfo().pid == proxy.pid


def test_observer_may_look(proxy, connect_as, observer, echo_server, tunnel):
    tunnel(proxy.address(), echo_server.address)
    api = connect_as(proxy, observer)
    assert api.config.Get().version.number == api.config.History().running_version == 1
    assert next(api.config.Watch()).number == 1
    assert api.runtime.ListListeners().listeners and api.runtime.ListCertificates().certificates
    assert api.runtime.ListClusters() is not None and api.runtime.GetStats().metrics
    assert {one.listener for one in api.list_connections()} == {"proxy", "remote"}
    assert api.server.GetInfo().pid == proxy.pid and api.server.GetLogLevels().components
    assert api.config.Diff(source=source(denying(proxy))).changes


def test_observer_may_change_nothing(proxy, connect_as, observer, echo_server, tunnel):
    held = tunnel(proxy.address(), echo_server.address)
    api = connect_as(proxy, observer)
    calls = {
        "apply": lambda: api.apply(denying(proxy)),
        "validate": lambda: api.validate(denying(proxy)),  # it opens any file that the config names
        "rollback": lambda: api.config.Rollback(version=1),
        "kill": lambda: api.connections.Kill(user="alice"),
        "level": lambda: api.server.SetLogLevel(level="debug"),
        "logs": lambda: api.server.ReopenLogs(),
        "drain": lambda: api.server.Drain(),
        "shutdown": lambda: api.server.Shutdown(),
    }
    codes = {name: refused(call).code for name, call in calls.items()}
    assert codes == dict.fromkeys(calls, grpc.StatusCode.PERMISSION_DENIED)
    assert proxy.admin.running_version() == 1
    client.assert_echoes(held)


def test_name_may_be_one_of_many(proxy, connect_as, people):
    api = connect_as(proxy, people.issue("watcher", "DNS:other.test", "DNS:w1.watchers.test"))
    assert api.server.GetInfo().pid == proxy.pid
    assert refused(api.server.Drain).code == grpc.StatusCode.PERMISSION_DENIED


def test_who_has_no_role_is_let_do_nothing(proxy, connect_as, people):
    api = connect_as(proxy, people.issue("passer_by", "DNS:passer-by.test"))
    assert refused(api.server.GetInfo).code == grpc.StatusCode.UNAVAILABLE
    record = proxy.wait_for_record(lambda one: one.listener == "remote" and one.ended_by == "admin")
    assert record.reason == "admin_not_allowed"


def test_who_shows_no_certificate_is_let_do_nothing(start_managed, remote_listener, connect_as):
    proxy = start_managed(config(listener(http_connect()), remote_listener("OPTIONAL")))
    assert refused(connect_as(proxy).server.GetInfo).code == grpc.StatusCode.UNAVAILABLE
    proxy.wait_for_record(lambda one: one.listener == "remote" and one.ended_by == "admin")


def test_whose_certificate_is_of_a_stranger_is_refused_by_tls(proxy, connect_as, authority):
    api = connect_as(proxy, authority.issue("stranger", "DNS:operator.test"))
    assert refused(api.server.GetInfo).code == grpc.StatusCode.UNAVAILABLE
    record = proxy.wait_for_record(lambda one: one.listener == "remote")
    assert record.ended_by == "tls_terminate"


def test_call_outlives_the_change_of_the_listener_that_it_came_through(proxy, connect_as, operator, localhost):
    api = connect_as(proxy, operator)
    watch = api.config.Watch()
    assert next(watch).number == 1
    own, remote = proxy.config["listeners"]
    settings = with_listeners(proxy.config, own, {**remote, "max_connections": 50})
    assert api.apply(settings).version.number == next(watch).number == 2
    assert api.apply(with_listeners(proxy.config, own)).version.number == next(watch).number == 3
    assert api.server.GetInfo().config_version == 3, "the connection ends on the chain that it began with"


def test_operator_is_told_apart_from_others_in_lists_and_logs(proxy, connect_as, operator):
    api = connect_as(proxy, operator)
    (entry,) = api.list_connections(listener="remote")
    assert "operator" in entry.user and entry.phase == "tunnel"
    api.close()
    record = proxy.wait_for_record(lambda one: one.listener == "remote")
    assert "operator" in record.identity


def test_shutdown_from_afar_is_answered(proxy, connect_as, operator):
    assert connect_as(proxy, operator).server.Shutdown().connections >= 1
    assert proxy.wait_for_end(10) == 0


def test_only_so_many_may_come(start_managed, remote_listener, connect_as, operator):
    proxy = start_managed(config(listener(http_connect()), remote_listener(), admin={"max_connections": 3}))
    held = [connect_as(proxy, operator) for _ in range(2)]  # and the test's own at the socket
    for api in held:
        assert api.server.GetInfo().pid == proxy.pid
    late = connect_as(proxy, operator)
    assert refused(late.server.GetInfo).code == grpc.StatusCode.UNAVAILABLE
    assert proxy.wait_for_record(lambda one: one.ended_by == "admin").reason == "admin_unavailable"
    held[0].close()

    def gets_in():
        with contextlib.suppress(grpc.RpcError):
            return connect_as(proxy, operator).server.GetInfo().pid == proxy.pid

    eventually(gets_in, what="room for another")


@pytest.mark.parametrize("fields", [{}, {"read_write": [{}]}, {"read_only": [{"names": [""]}]}, {"readwrite": []}])
def test_rules_are_checked(tmp_path, localhost, fields):
    settings = config(listener(tls_terminate(localhost), {"admin": fields}))
    done = run_command("validate", "-c", write_config(tmp_path, settings))
    assert done.returncode == 1 and "listeners[0].filters[1].admin" in done.stderr


def test_without_an_api_of_its_own_the_process_has_one_for_its_listeners(start, remote_listener, connect_as, operator):
    """No state directory, no address: whoever configures the filter wants the API."""
    proxy = start(config(listener(http_connect()), remote_listener()))
    assert connect_as(proxy, operator).server.GetInfo().pid == proxy.pid
