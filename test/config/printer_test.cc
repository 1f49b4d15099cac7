#include "source/config/printer.h"

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "source/config/redaction.h"
#include "test/config/loading.h"
#include "test/config/sample.h"

namespace culvert::config {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(PrinterTest, PrintsTheShortFormAsPeopleWriteIt) {
  const LoadResult result = LoadJson(kSampleJson);
  ASSERT_THAT(Lines(result), IsEmpty());
  EXPECT_EQ(ToShortYaml(result.config), R"(process:
  node:
    id: edge-1
    cluster: eu-west
identity_providers:
- name: staff
  htpasswd:
    filename: users.htpasswd
- name: demo
  users:
  - name: alice
    password:
      inline_string: "[redacted]"
    groups: [ops]
listeners:
- name: https_proxy
  address: "127.0.0.1:8443"
  filters:
  - tls_terminate:
      certificates:
      - certificate_chain:
          filename: server.crt
        private_key:
          filename: server.key
  - auth:
      providers: [staff, demo]
      realm: culvert
  - http_connect:
      policy:
        rules:
        - allow:
            hosts: ["*.example.com"]
            ports: ["443"]
        - allow:
            ports: ["8000-8999"]
            networks: ["127.0.0.0/8"]
            groups: [ops]
- name: redis_over_tls
  address: "0.0.0.0:6380"
  filter_chains:
  - match:
      server_names: [redis.example.com]
    filters:
    - tls_terminate:
        certificates:
        - certificate_chain:
            filename: server.crt
          private_key:
            inline_bytes: "[redacted]"
    - tcp_proxy:
        cluster: redis
clusters:
- name: redis
  endpoints:
  - address: "127.0.0.1:6379"
  connect_timeout: 5s
- name: far_side
  endpoints:
  - address: "gateway.example.com:443"
access_log:
- filename: /dev/stdout
  format: TEXT
  buffer_size: 64KiB
)");
}

TEST(PrinterTest, WhatItPrintsLoadsAsTheSameConfig) {
  const std::string yaml =
      WithFilter("http") +
      "process: {node: {id: \"true\", cluster: \"a: b # \\\"c\\\\ \\u0001\\n\"},\n"
      "  resolver: {negative_ttl: 0s, query_timeout: 1.5s, servers: ['', '~', ' x', 'null', "
      "'1']}}\n"
      "clusters: [{name: \"\u00e9\", endpoints: [{address: x}],\n"
      "  passive_ejection: {consecutive_failures: 0}}]\n"
      "identity_providers: [{name: none, users: []}]\n";
  const LoadResult first = LoadYaml(yaml);
  ASSERT_THAT(Lines(first), IsEmpty());
  const LoadResult second = LoadYaml(ToShortYaml(first.config));
  ASSERT_THAT(Lines(second), IsEmpty()) << ToShortYaml(first.config);
  EXPECT_TRUE(MessageDifferencer::Equals(first.config, second.config)) << ToShortYaml(first.config);
}

TEST(PrinterTest, AnEmptyConfigIsAnEmptyMap) { EXPECT_EQ(ToShortYaml(v1::Config()), "{}\n"); }

TEST(RedactionTest, TakesSecretsOutAtAnyDepthAndNothingElse) {
  LoadResult result = LoadYaml(kSampleYaml);
  ASSERT_THAT(Lines(result), IsEmpty());
  const std::string before = ToShortYaml(result.config);
  ASSERT_THAT(result.config.SerializeAsString(), HasSubstr("wonderland"));
  RedactSecrets(result.config);
  EXPECT_THAT(result.config.SerializeAsString(), Not(HasSubstr("wonderland")));
  EXPECT_EQ(result.config.identity_providers(1).users().users(0).password().inline_string(),
            "[redacted]");
  const std::string settings =
      result.config.listeners(1).filter_chains(0).filters(0).typed_config().value();
  EXPECT_THAT(settings, HasSubstr("[redacted]"));
  EXPECT_THAT(settings, Not(HasSubstr("key\x22")));
  EXPECT_EQ(ToShortYaml(result.config), before);
}

TEST(RedactionTest, ClearsWhatItCannotLookInto) {
  v1::Filter filter;
  filter.mutable_typed_config()->set_type_url("type.googleapis.com/not.linked.Type");
  filter.mutable_typed_config()->set_value("secret");
  filter.GetReflection()->MutableUnknownFields(&filter)->AddLengthDelimited(99, "secret");
  RedactSecrets(filter);
  EXPECT_EQ(filter.typed_config().value(), "");
  EXPECT_THAT(filter.SerializeAsString(), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace culvert::config
