"""Short ways to write the configs of the tests. Everything here returns plain dicts in the config's own words."""

from harness.ports import free_port

LOOPBACK = ["127.0.0.0/8", "::1/128"]
ALLOW_LOOPBACK = {"rules": [{"allow": {"networks": LOOPBACK}}]}
DENY_LOOPBACK = {"rules": [{"deny": {"networks": LOOPBACK}}]}
ACCESS_LOG = [{"filename": "/dev/stdout"}]


def users(*names_and_passwords, name="users", groups=()):
    """An identity provider with users given as `name:password`."""
    entries = []
    for pair in names_and_passwords:
        user, password = pair.split(":", 1)
        entries.append({"name": user, "password": {"inline_string": password}, "groups": list(groups)})
    return {"name": name, "users": entries}


def auth(*providers, **fields):
    return {"auth": {"providers": list(providers) or ["users"], **fields}}


def http_connect(policy=None, **fields):
    """Loopback destinations are allowed unless another policy is given."""
    return {"http_connect": {"policy": policy or ALLOW_LOOPBACK, **fields}}


def certificates(*issued):
    return [
        {"certificate_chain": {"filename": str(one.certificate)}, "private_key": {"filename": str(one.key)}}
        for one in issued
    ]


def tls_terminate(*issued, **fields):
    return {"tls_terminate": {"certificates": certificates(*issued), **fields}}


def listener(*filters, name="proxy", host="127.0.0.1", port=None, **fields):
    """A listener on a free port. With `filter_chains=` among the fields there are no `filters`."""
    bracketed = f"[{host}]" if ":" in host else host
    result = {"name": name, "address": f"{bracketed}:{port or free_port(host)}", **fields}
    if filters:
        result["filters"] = list(filters)
    return result


def cluster(name, *addresses, **fields):
    return {"name": name, "endpoints": [{"address": address} for address in addresses], **fields}


def config(*listeners, clusters=(), identity_providers=(), access_log=None, **process):
    """A whole config; the rest of the arguments are fields of `process`."""
    return {
        "process": {"workers": 2, "drain_timeout": "0.5s", **process},
        "identity_providers": list(identity_providers),
        "listeners": list(listeners),
        "clusters": list(clusters),
        "access_log": ACCESS_LOG if access_log is None else access_log,
    }


def tcp_proxy(cluster_name, **fields):
    return {"tcp_proxy": {"cluster": cluster_name, **fields}}


def admin(read_write=(), read_only=()):
    """The admin filter; each argument is a list of names that a client's certificate may have."""
    rules = {"read_write": read_write, "read_only": read_only}
    return {"admin": {role: [{"names": list(names)}] for role, names in rules.items() if names}}


def with_listeners(settings, *listeners, **fields):
    """The same config with other listeners, and other top-level fields if given."""
    return {**settings, "listeners": list(listeners), **fields}
