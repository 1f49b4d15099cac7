"""Which destinations http_connect lets a client reach."""

import pytest

from harness import client
from harness.config import LOOPBACK, auth, config, http_connect, listener, users


@pytest.fixture
def status(start, dns):
    """status(policy, authority): what a CONNECT is answered, with `policy` None for none at all."""
    def ask(policy, authority, credentials=None):
        filters = [auth("users", "others")] if credentials else []
        claim = http_connect(policy, connect_timeout="2s") if policy else {"http_connect": {"connect_timeout": "2s"}}
        providers = [users("alice:a", groups=["ops"]), users("bob:b", name="others")]
        proxy = start(config(
            listener(*filters, claim), identity_providers=providers,
            resolver={"servers": [dns.address]},
        ))
        connection, reply = client.connect(proxy.address(), authority, credentials)
        connection.close()
        return reply.status
    return ask


def rules(*entries, **fields):
    return {"rules": list(entries), **fields}


def test_first_rule_that_matches_decides(status, echo_server):
    deny_first = rules({"deny": {"ports": [str(echo_server.port)]}}, {"allow": {"networks": LOOPBACK}})
    assert status(deny_first, echo_server.address) == 403
    allow_first = rules({"allow": {"networks": LOOPBACK}}, {"deny": {"ports": [str(echo_server.port)]}})
    assert status(allow_first, echo_server.address) == 200


def test_what_no_rule_matches_is_denied(status, echo_server):
    assert status(rules({"allow": {"networks": LOOPBACK, "ports": ["1"]}}), echo_server.address) == 403


def test_default_allow_still_refuses_addresses_that_are_not_public(status, echo_server):
    assert status(rules(default="ALLOW"), echo_server.address) == 403


def test_without_policy_loopback_is_refused_even_on_443(status):
    assert status(None, "127.0.0.1:443") == 403
    assert status(None, "localhost:443") == 403


def test_without_policy_other_ports_are_refused(status):
    assert status(None, "192.0.2.1:80") == 403


def test_port_ranges(status, echo_server):
    port = echo_server.port
    inside = rules({"allow": {"networks": LOOPBACK, "ports": ["1-2", f"{port - 1}-{port + 1}"]}})
    below = rules({"allow": {"networks": LOOPBACK, "ports": [f"{port + 1}-65535"]}})
    assert status(inside, echo_server.address) == 200
    assert status(below, echo_server.address) == 403


@pytest.mark.parametrize("pattern, host, allowed", [
    ("a.example.test", "a.example.test", True),
    ("a.example.test", "A.Example.TEST", True),
    ("a.example.test", "a.example.test.", True),
    ("a.example.test", "b.a.example.test", False),
    ("*.example.test", "a.example.test", True),
    ("*.example.test", "b.a.example.test", True),
    ("*.example.test", "example.test", False),
    ("*.example.test", "badexample.test", False),
    ("/[ab]\\.example\\.test/", "b.example.test", True),
    ("/[ab]\\.example\\.test/", "b.example.test.evil.test", False),
    ("/[ab]\\.example\\.test/", "cb.example.test", False),
])
def test_host_patterns(status, dns, echo_server, pattern, host, allowed):
    dns.add(host.lower().rstrip("."), "127.0.0.1")
    policy = rules({"allow": {"hosts": [pattern], "networks": LOOPBACK}})
    assert status(policy, f"{host}:{echo_server.port}") == (200 if allowed else 403)


def test_users_and_groups(status, echo_server):
    only_ops = rules({"allow": {"networks": LOOPBACK, "groups": ["ops"]}})
    only_bob = rules({"allow": {"networks": LOOPBACK, "users": ["bob"]}})
    assert status(only_ops, echo_server.address, "alice:a") == 200
    assert status(only_ops, echo_server.address, "bob:b") == 403
    assert status(only_bob, echo_server.address, "alice:a") == 403
    assert status(only_bob, echo_server.address, "bob:b") == 200


@pytest.mark.parametrize("address", [
    "127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
    "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd12::1]", "[ff02::1]", "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
])
def test_addresses_that_are_not_public_are_refused(status, address):
    assert status(rules({"allow": {"ports": ["443"]}}), f"{address}:443") == 403


@pytest.mark.parametrize("address", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1."])
def test_odd_spellings_of_loopback_do_not_get_in(status, echo_server, address):
    policy = rules({"allow": {"ports": [str(echo_server.port)]}})
    assert status(policy, f"{address}:{echo_server.port}") in (400, 403, 502)
    assert echo_server.accepted == 0


def test_public_name_of_a_private_address_does_not_get_in(status, dns, echo_server):
    dns.add("rebound.test", "127.0.0.1")
    policy = rules({"allow": {"hosts": ["rebound.test"], "ports": [str(echo_server.port)]}})
    assert status(policy, f"rebound.test:{echo_server.port}") == 403
    assert echo_server.accepted == 0


def test_name_with_a_public_and_a_private_address_never_reaches_the_private_one(status, dns, echo_server):
    dns.add("mixed.test", "192.0.2.1", "127.0.0.1")
    policy = rules({"allow": {"hosts": ["mixed.test"]}})
    assert status(policy, f"mixed.test:{echo_server.port}") != 200
    assert echo_server.accepted == 0


def test_networks_are_those_of_the_address_that_is_dialled(status, dns, echo_server):
    dns.add("service.test", "127.0.0.1")
    fits = rules({"allow": {"hosts": ["service.test"], "networks": ["127.0.0.1/32"]}})
    other = rules({"allow": {"hosts": ["service.test"], "networks": ["127.0.0.2/32"]}})
    assert status(fits, f"service.test:{echo_server.port}") == 200
    assert status(other, f"service.test:{echo_server.port}") == 403


def test_policy_is_asked_for_every_request_of_a_connection(start, echo_server, dial):
    policy = rules({"deny": {"ports": ["1"]}}, {"allow": {"networks": LOOPBACK}})
    proxy = start(config(listener(http_connect(policy))))
    connection = dial(proxy.address())
    for _ in range(2):
        connection.sendall(client.connect_head("127.0.0.1:1"))
        assert client.read_reply(connection).status == 403
    connection.sendall(client.connect_head(echo_server.address))
    assert client.read_until(connection, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 ")
