// One config in the text formats, all of which mean the same. For tests only.
#ifndef CULVERT_TEST_CONFIG_SAMPLE_H_
#define CULVERT_TEST_CONFIG_SAMPLE_H_

#include <string_view>

namespace culvert::config {

constexpr std::string_view kSampleYaml = R"(
process:
  node: {id: edge-1, cluster: eu-west}
  workers: 0
identity_providers:
- name: staff
  htpasswd: {filename: users.htpasswd}
- name: demo
  users: [{name: alice, password: {inline_string: "wonderland"}, groups: [ops]}]
listeners:
- name: https_proxy
  address: 127.0.0.1:8443
  filters:
  - tls_terminate:
      certificates:
      - certificate_chain: {filename: server.crt}
        private_key: {filename: server.key}
  - auth: {providers: [staff, demo], realm: culvert}
  - http_connect:
      policy:
        rules:
        - allow: {hosts: ["*.example.com"], ports: ["443"]}
        - allow: {networks: ["127.0.0.0/8"], ports: ["8000-8999"], groups: [ops]}
- name: redis_over_tls
  address: 0.0.0.0:6380
  filter_chains:
  - match: {server_names: ["redis.example.com"]}
    filters:
    - tls_terminate:
        certificates:
        - certificate_chain: {filename: server.crt}
          private_key: {inline_bytes: "a2V5"}
    - tcp_proxy: {cluster: redis}
clusters:
- name: redis
  endpoints: [{address: "127.0.0.1:6379"}]
  connect_timeout: 5s
- name: far_side
  endpoints: [{address: "gateway.example.com:443"}]
access_log: [{filename: /dev/stdout, format: TEXT, buffer_size: 64KiB}]
)";

// With everything in the canonical form.
constexpr std::string_view kSampleJson = R"({
"process": {"node": {"id": "edge-1", "cluster": "eu-west"}, "workers": 0},
"identity_providers": [
  {"name": "staff", "htpasswd": {"filename": "users.htpasswd"}},
  {"name": "demo", "users": {"users": [
    {"name": "alice", "password": {"inline_string": "wonder\u006cand"}, "groups": ["ops"]}]}}],
"listeners": [
  {"name": "https_proxy", "address": "127.0.0.1:8443", "filters": [
    {"name": "tls_terminate", "typed_config": {
      "@type": "type.googleapis.com/culvert.extensions.tls_terminate.v1.TlsTerminate",
      "certificates": [{"certificate_chain": {"filename": "server.crt"},
                        "private_key": {"filename": "server.key"}}]}},
    {"name": "auth", "typed_config": {
      "@type": "type.googleapis.com/culvert.extensions.auth.v1.Auth",
      "providers": ["staff", "demo"], "realm": "culvert"}},
    {"name": "http_connect", "typed_config": {
      "@type": "type.googleapis.com/culvert.extensions.http_connect.v1.HttpConnect",
      "policy": {"rules": [
        {"allow": {"hosts": ["*.example.com"], "ports": [443]}},
        {"allow": {"networks": ["127.0.0.0/8"], "ports": ["8000-8999"], "groups": ["ops"]}}]}}}]},
  {"name": "redis_over_tls", "address": "0.0.0.0:6380", "filter_chains": [
    {"match": {"server_names": ["redis.example.com"]}, "filters": [
      {"tls_terminate": {"certificates": [{"certificate_chain": {"filename": "server.crt"},
                                           "private_key": {"inline_bytes": "a2V5"}}]}},
      {"tcp_proxy": {"cluster": "redis"}}]}]}],
"clusters": [
  {"name": "redis", "endpoints": [{"address": "127.0.0.1:6379"}], "connect_timeout": "5000ms"},
  {"name": "far_side", "endpoints": [{"address": "gateway.example.com:443"}]}],
"access_log": [{"filename": "/dev/stdout", "format": "TEXT", "buffer_size": 65536}]
})";

constexpr std::string_view kSampleTextproto = R"(
process { node { id: "edge-1" cluster: "eu-west" } workers: 0 }
identity_providers { name: "staff" htpasswd { filename: "users.htpasswd" } }
identity_providers {
  name: "demo"
  users { users { name: "alice" password { inline_string: "wonderland" } groups: "ops" } }
}
listeners {
  name: "https_proxy"
  address: "127.0.0.1:8443"
  filters {
    name: "tls_terminate"
    typed_config {
      [type.googleapis.com/culvert.extensions.tls_terminate.v1.TlsTerminate] {
        certificates {
          certificate_chain { filename: "server.crt" }
          private_key { filename: "server.key" }
        }
      }
    }
  }
  filters {
    name: "auth"
    typed_config {
      [type.googleapis.com/culvert.extensions.auth.v1.Auth] {
        providers: ["staff", "demo"]
        realm: "culvert"
      }
    }
  }
  filters {
    name: "http_connect"
    typed_config {
      [type.googleapis.com/culvert.extensions.http_connect.v1.HttpConnect] {
        policy {
          rules { allow { hosts: "*.example.com" ports: "443" } }
          rules { allow { networks: "127.0.0.0/8" ports: "8000-8999" groups: "ops" } }
        }
      }
    }
  }
}
listeners {
  name: "redis_over_tls"
  address: "0.0.0.0:6380"
  filter_chains {
    match { server_names: "redis.example.com" }
    filters {
      name: "tls_terminate"
      typed_config {
        [type.googleapis.com/culvert.extensions.tls_terminate.v1.TlsTerminate] {
          certificates {
            certificate_chain { filename: "server.crt" }
            private_key { inline_bytes: "key" }
          }
        }
      }
    }
    filters {
      name: "tcp_proxy"
      typed_config {
        [type.googleapis.com/culvert.extensions.tcp_proxy.v1.TcpProxy] { cluster: "redis" }
      }
    }
  }
}
clusters { name: "redis" endpoints { address: "127.0.0.1:6379" } connect_timeout { seconds: 5 } }
clusters { name: "far_side" endpoints { address: "gateway.example.com:443" } }
access_log { filename: "/dev/stdout" format: TEXT buffer_size: 65536 }
)";

}  // namespace culvert::config

#endif  // CULVERT_TEST_CONFIG_SAMPLE_H_
