"""SIGHUP: the config file is read again, without a connection lost."""

import signal

import pytest

from harness import client
from harness.config import DENY_LOOPBACK, config, http_connect, listener, tls_terminate, with_listeners
from harness.culvert import write_config
from harness.ports import is_listening
from harness.waiting import eventually


@pytest.fixture
def reload():
    """reload(proxy, config): writes the file and sends SIGHUP."""
    def run(proxy, settings):
        write_config(proxy.folder, settings)
        proxy.send_signal(signal.SIGHUP)
    return run


def status(proxy, server, name=None):
    return client.status_of(proxy.address(name), server.address)


def changed(proxy, *listeners):
    """The config of the proxy with other listeners."""
    return with_listeners(proxy.config, *listeners)


def test_new_connections_get_the_new_filters_and_open_ones_keep_theirs(plain_proxy, reload, echo_server, tunnel):
    connection = tunnel(plain_proxy.address(), echo_server.address)
    reload(plain_proxy, changed(plain_proxy, listener(http_connect(DENY_LOOPBACK), port=plain_proxy.port)))
    eventually(lambda: status(plain_proxy, echo_server) == 403, what="the new policy")
    client.assert_echoes(connection, b"x" * 100_000)


def test_listeners_come_and_go(plain_proxy, reload, echo_server, tunnel):
    connection = tunnel(plain_proxy.address(), echo_server.address)
    other = listener(http_connect(), name="other")
    old_port = plain_proxy.port
    settings = changed(plain_proxy, other)
    reload(plain_proxy, settings)
    plain_proxy.config = settings
    plain_proxy.wait_until_listening()
    assert status(plain_proxy, echo_server, "other") == 200
    eventually(lambda: not is_listening(old_port), what="the end of the old listener")
    client.assert_echoes(connection)


def test_wrong_config_changes_nothing_and_is_told(plain_proxy, reload, echo_server):
    settings = changed(plain_proxy, listener(http_connect(DENY_LOOPBACK), port=plain_proxy.port))
    settings["listeners"][0]["adress"] = "x"
    reload(plain_proxy, settings)
    plain_proxy.wait_for_log(r"listeners\[0\]\.adress")
    assert status(plain_proxy, echo_server) == 200


def test_change_of_the_process_is_refused(plain_proxy, reload, echo_server):
    settings = changed(plain_proxy, listener(http_connect(DENY_LOOPBACK), port=plain_proxy.port))
    settings["process"] = {**settings["process"], "workers": 1}
    reload(plain_proxy, settings)
    plain_proxy.wait_for_log(r"\bprocess\b.*restart")
    assert status(plain_proxy, echo_server) == 200


@pytest.mark.parametrize("sent", [0, 12], ids=["nothing sent", "half a head sent"])
def test_connection_that_has_not_asked_yet_is_served(plain_proxy, reload, echo_server, dial, sent):
    head = client.connect_head(echo_server.address)
    connection = dial(plain_proxy.address())
    connection.sendall(head[:sent])
    client.open_tunnel(plain_proxy.address(), echo_server.address).close()  # by now the one before is accepted
    reload(plain_proxy, changed(plain_proxy, listener(http_connect(DENY_LOOPBACK), port=plain_proxy.port)))
    eventually(lambda: status(plain_proxy, echo_server) == 403, what="the new policy")
    connection.sendall(head[sent:])
    assert client.read_until(connection, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 "), "with the filters it began with"
    client.assert_echoes(connection)


def test_certificate_files_are_read_again(start, reload, authority, dial):
    old, new = authority.issue("before", "DNS:localhost"), authority.issue("after", "DNS:localhost")
    proxy = start(config(listener(tls_terminate(old), http_connect())))
    for file, replacement in zip((old.certificate, old.key), (new.certificate, new.key)):
        file.write_bytes(replacement.read_bytes())
    reload(proxy, proxy.config)
    context = authority.client_context()
    eventually(lambda: dial(proxy.address(), context).getpeercert(True) == new.der(), what="the new certificate")


def test_no_client_is_turned_away_while_configs_change(plain_proxy, reload, echo_server):
    settings = changed(plain_proxy, listener(http_connect(), port=plain_proxy.port))
    for number in range(10):
        settings["listeners"][0]["max_connections"] = 1000 + number
        reload(plain_proxy, settings)
        assert [status(plain_proxy, echo_server) for _ in range(10)] == [200] * 10
