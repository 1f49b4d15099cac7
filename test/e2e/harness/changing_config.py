"""A config that is different each time in all that may change under traffic, and that serves the same clients."""

from harness.config import ALLOW_LOOPBACK, cluster, config, http_connect, listener, tcp_proxy, tls_terminate, users
from harness.load import Load, tls_service, tunnel_through
from harness.ports import free_port

# Certificates that take turns.
CERTIFICATES = ("turn_a", "turn_b", "turn_c")
# Names of clusters come again: the counters of one that is gone are kept.
TURNS = 8


class ChangingConfig:
    """`make(number)` is a config; `start_load()` runs clients that every one of them must serve."""

    def __init__(self, authority, **process):
        self._authority = authority
        self._issued = [authority.issue(name, "DNS:localhost", "DNS:*.chains.test", "IP:127.0.0.1") for name in CERTIFICATES]
        self._process = {"drain_timeout": "600s", **process}
        self._plain, self._secure, self._chains, self._metrics, self.echo_port = (free_port() for _ in range(5))

    def make(self, number):
        listeners = [
            listener(http_connect(self._policy(number)), name="plain", port=self._plain,
                     max_connections=10_000 + number),
            listener(tls_terminate(self._certificate(number)), http_connect(self._policy(number)), name="secure",
                     port=self._secure),
            listener(name="chains", port=self._chains, filter_chains=self._filter_chains(number)),
            listener({"metrics": {}}, name="metrics", port=self._metrics),
        ]
        echo = f"127.0.0.1:{self.echo_port}"
        clusters = [
            cluster("echo", echo, load_balancing=("ROUND_ROBIN", "LEAST_CONNECTIONS")[number % 2]),
            cluster("echo_too", echo, connect_timeout=f"{5 + number % 3}s"),
            cluster(f"turn_{number % TURNS}", f"127.0.0.1:{1 + number % TURNS}"),
        ]
        return config(*listeners, clusters=clusters, identity_providers=[users(f"turn{number}:secret")],
                      access_log=[], **self._process)

    def _certificate(self, number):
        return self._issued[number % len(self._issued)]

    @staticmethod
    def _policy(number):
        elsewhere = {"deny": {"hosts": [f"turn{number}.test"], "ports": [str(1 + number)]}}
        return {"rules": [elsewhere] * (1 + number % 4) + ALLOW_LOOPBACK["rules"]}

    def _filter_chains(self, number):
        def chain(name, certificate, cluster_name, **match):
            return {"name": name, "match": match, "filters": [tls_terminate(certificate), tcp_proxy(cluster_name)]}

        chains = [chain("one", self._certificate(number), "echo", server_names=["one.chains.test"]),
                  chain("rest", self._certificate(number + 1), "echo_too")]
        for extra in range(number % 5):
            chains.append(chain(f"extra{extra}", self._certificate(number + 2), f"turn_{number % TURNS}",
                                server_names=[f"extra{extra}.of{number}.test"]))
        return chains[::-1] if number % 2 else chains

    def start_load(self, **options):
        return Load(
            tunnel_through(self._plain), tunnel_through(self._secure, tls=True),
            tls_service(self._chains, "one.chains.test"), tls_service(self._chains, "localhost"),
            echo_port=self.echo_port, ca=self._authority.certificate, **options)
