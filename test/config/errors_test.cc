// What each kind of mistake in a YAML config is told, word for word.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/config/loading.h"

namespace culvert::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Mistake {
  const char* name;
  std::string yaml;
  std::vector<std::string> errors;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.yaml; }

class MistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, IsReported) {
  std::vector<std::string> expected;
  for (const std::string& error : GetParam().errors) expected.push_back("test.yaml:" + error);
  EXPECT_EQ(Lines(LoadYaml(GetParam().yaml)), expected);
}

std::string WithCluster(std::string_view fields) {
  return "clusters:\n- {name: a, endpoints: [{address: x}], \n   " + std::string(fields) + "}\n";
}

std::string WithUsers(std::string_view users) {
  return "identity_providers:\n- {name: a, users: " + std::string(users) + "}\n";
}

const Mistake kTypes[] = {
    {"UnknownField",
     WithFilter("http_connect: {polcy: {}}"),
     {"4:20: listeners[0].filters[0].http_connect.polcy: unknown field; did you mean 'policy'?"}},
    {"UnknownFieldLikeNoOther",
     "process: {node: {colour: red}}",
     {"1:18: process.node.colour: unknown field; use one of 'id', 'cluster'"}},
    {"UnknownFieldExcusesTheOneThatIsMeant",
     "clusters:\n- nmae: a\n  endpoints: [{adress: x}]\n",
     {"2:3: clusters[0].nmae: unknown field; did you mean 'name'?",
      "3:16: clusters[0].endpoints[0].adress: unknown field; did you mean 'address'?"}},
    {"TypeWhereThereIsNoChoice",
     "process: {\"@type\": x}",
     {"1:11: process.@type: unknown field; use one of 'node', 'workers', 'max_connections', "
      "'resolver', 'drain_timeout', "
      "'admin', 'state_directory', 'max_kept_versions'"}},
    {"CamelCase",
     WithCluster("connectTimeout: 1s"),
     {"3:4: clusters[0].connectTimeout: unknown field; did you mean 'connect_timeout'?"}},
    {"DuplicateKey",
     "process:\n  workers: 1\n  workers: 2\n",
     {"3:3: process.workers: is given twice, first in line 2; remove one"}},
    {"OneofTwice",
     WithUsers("[], htpasswd: {filename: f}"),
     {"2:24: identity_providers[0].htpasswd: excludes 'users'; keep one of the two"}},
    {"ScalarForMessage",
     "process: fast",
     {"1:1: process: expected a map, found a string; write its fields: 'node', 'workers', "
      "'max_connections', 'resolver', 'drain_timeout', "
      "'admin', 'state_directory', 'max_kept_versions'"}},
    {"NullForMessage",
     "process:\n",
     {"1:1: process: expected a map, found nothing; write '{}' for an empty one, or remove the "
      "field"}},
    {"NullForList",
     "clusters:\n",
     {"1:1: clusters: expected a list, found nothing; write '[]' for an empty one, or remove the "
      "field"}},
    {"ScalarForList",
     "process: {resolver: {servers: 10.0.0.53}}",
     {"1:22: process.resolver.servers: expected a list, found a number; write it as a list"}},
    {"MapForList",
     "clusters: {name: a}",
     {"1:1: clusters: expected a list, found a map; write it as a list"}},
    {"ListForMessage",
     "process: [1]",
     {"1:1: process: expected a map, found a list; write its fields: 'node', 'workers', "
      "'max_connections', 'resolver', 'drain_timeout', "
      "'admin', 'state_directory', 'max_kept_versions'"}},
    {"NullForString",
     "process: {node: {id: ~}}",
     {"1:18: process.node.id: expected a string, found nothing; give a value or remove the "
      "field"}},
    {"ListForString",
     "process: {node: {id: [a]}}",
     {"1:18: process.node.id: expected a string, found a list; write one value"}},
    {"TextForNumber",
     "process: {workers: many}",
     {"1:11: process.workers: expected a whole number, found 'many'"}},
    {"QuotedNumber",
     "process: {workers: \"4\"}",
     {"1:11: process.workers: expected a whole number, found a string; remove the quotes"}},
    {"FractionForNumber",
     "process: {workers: 1.5}",
     {"1:11: process.workers: expected a whole number, found '1.5'"}},
    {"NegativeNumber",
     "process: {max_connections: -1}",
     {"1:11: process.max_connections: out of range; write a number from 0 to 4294967295"}},
    {"NumberBeyond32Bits",
     "process: {max_connections: 4294967296}",
     {"1:11: process.max_connections: out of range; write a number from 0 to 4294967295"}},
    {"NumberBeyond64Bits",
     "process: {max_connections: 99999999999999999999}",
     {"1:11: process.max_connections: out of range; write a number from 0 to 4294967295"}},
    {"WordForBool",
     WithFilter("http_connect: {require_tls: yes}"),
     {"4:20: listeners[0].filters[0].http_connect.require_tls: expected true or false, found "
      "'yes'"}},
    {"QuotedBool",
     WithFilter("http_connect: {require_tls: \"true\"}"),
     {"4:20: listeners[0].filters[0].http_connect.require_tls: expected true or false, found a "
      "string; remove the quotes"}},
    {"UnknownEnumValue",
     WithCluster("load_balancing: round-robbin"),
     {"3:4: clusters[0].load_balancing: unknown value 'round-robbin'; did you mean "
      "'ROUND_ROBIN'?"}},
    {"NumberForEnum",
     WithCluster("load_balancing: 1"),
     {"3:4: clusters[0].load_balancing: unknown value '1'; use one of 'ROUND_ROBIN', "
      "'LEAST_CONNECTIONS'"}},
    {"Base64",
     WithUsers("[{name: a, password: {inline_bytes: \"se?cret\"}}]"),
     {"2:42: identity_providers[0].users[0].password.inline_bytes: not base64; encode the bytes as "
      "with 'base64 -w0'"}},
    {"SecretInTheWrongPlaceIsNotRepeated",
     WithUsers("[{name: a, password: wonderland}]"),
     {"2:31: identity_providers[0].users[0].password: expected a map, found a string; write its "
      "fields: 'filename', 'inline_string', 'inline_bytes', 'environment_variable'"}},
    {"ControlCharactersAreEscaped",
     "\"a\\nb\": 1",
     {"1:1: a\\nb: unknown field; use one of 'process', 'identity_providers', 'listeners', "
      "'clusters', 'access_log'"}},
    {"TopIsNoMap",
     "[]",
     {"1:1: expected a map, found a list; write its fields: 'process', 'identity_providers', "
      "'listeners', 'clusters', 'access_log'"}},
    {"NothingAtAll",
     "# only a comment\n",
     {"1:1: the config is empty; write '{}' if that is meant"}},
};

const Mistake kUnits[] = {
    {"DurationWithoutUnit",
     WithCluster("connect_timeout: 5"),
     {"3:4: clusters[0].connect_timeout: a duration needs a unit; write a duration such as '10s', "
      "'1.5s', '250ms', '1h' or '2m30s'"}},
    {"DurationOfAnUnknownUnit",
     WithCluster("connect_timeout: 5d"),
     {"3:4: clusters[0].connect_timeout: not a duration; write a duration such as '10s', '1.5s', "
      "'250ms', '1h' or '2m30s'"}},
    {"NegativeDuration",
     WithCluster("connect_timeout: -5s"),
     {"3:4: clusters[0].connect_timeout: a duration cannot be negative; write a duration such as "
      "'10s', '1.5s', '250ms', '1h' or '2m30s'"}},
    {"MapForDuration",
     WithCluster("connect_timeout: {seconds: 5}"),
     {"3:4: clusters[0].connect_timeout: expected a duration such as '10s', found a map; write one "
      "value"}},
    {"DurationTooShort",
     WithCluster("connect_timeout: 0s"),
     {"3:4: clusters[0].connect_timeout: is too short; at least '1ms'"}},
    {"DurationTooLong",
     WithCluster("connect_timeout: 900000h"),
     {"3:4: clusters[0].connect_timeout: is too long; at most '876000h'"}},
    {"SizeWithDecimalUnit",
     WithFilter("http: {max_head_size: 64KB}"),
     {"4:12: listeners[0].filters[0].http.max_head_size: unknown unit 'KB'; did you mean 'KiB'?"}},
    {"SizeOutOfRange",
     WithFilter("http: {max_head_size: 17MiB}"),
     {"4:12: listeners[0].filters[0].http.max_head_size: out of range; write a size from 256 to "
      "16MiB"}},
    {"SizeOfZeroThatWasWritten",
     WithFilter("http: {max_head_size: 0}"),
     {"4:12: listeners[0].filters[0].http.max_head_size: out of range; write a size from 256 to "
      "16MiB"}},
    {"SizeBeyond32Bits",
     WithFilter("http: {max_discarded_body: 4GiB}"),
     {"4:12: listeners[0].filters[0].http.max_discarded_body: out of range; write a size from 0 to "
      "4294967295"}},
    {"NumberOverItsMaximum",
     "process: {workers: 257}",
     {"1:11: process.workers: out of range; write a number from 0 to 256"}},
};

const Mistake kFilters[] = {
    {"UnknownFilter",
     WithFilter("htpp: {}"),
     {"4:5: listeners[0].filters[0].htpp: unknown filter 'htpp'; did you mean 'http'?"}},
    {"UnknownBareFilter",
     WithFilter("sockets"),
     {"4:5: listeners[0].filters[0].sockets: unknown filter 'sockets'; use one of 'auth', 'http', "
      "'http_connect', 'metrics', 'tcp_proxy', 'tls_terminate'"}},
    {"UnknownFilterInCanonicalForm",
     WithFilter("{name: htpp}"),
     {"4:6: listeners[0].filters[0].name: unknown filter 'htpp'; did you mean 'http'?"}},
    {"SettingsNotIndented",
     "listeners:\n- name: a\n  address: b\n  filters:\n  - auth:\n    providers: [x]\n",
     {"5:5: listeners[0].filters[0]: a filter has one name, found 'auth', 'providers'; begin each "
      "filter with '- ' and indent its settings below its name"}},
    {"EmptyFilter",
     WithFilter("{}"),
     {"4:5: listeners[0].filters[0]: expected a filter, found an empty map; write its name and "
      "settings, as in '- name: {...}'"}},
    {"ListForFilter",
     WithFilter("[]"),
     {"4:5: listeners[0].filters[0]: expected a filter, found a list; write its name and settings, "
      "as in '- name: {...}'"}},
    {"ScalarForSettings",
     WithFilter("metrics: 5"),
     {"4:5: listeners[0].filters[0].metrics: expected a map, found a number; write its fields: "
      "'path'"}},
    {"TypeOfAnotherFilter",
     WithFilter("{name: http, typed_config: {\"@type\": "
                "type.googleapis.com/culvert.extensions.metrics.v1.Metrics}}"),
     {"4:18: listeners[0].filters[0].http: the type of 'http' is "
      "'type.googleapis.com/culvert.extensions.metrics.v1.Metrics'; write "
      "'type.googleapis.com/culvert.extensions.http.v1.Http'"}},
    {"TypeWithoutPrefix",
     WithFilter("{name: http, typed_config: {\"@type\": culvert.extensions.http.v1.Http}}"),
     {"4:18: listeners[0].filters[0].http: the type of 'http' is "
      "'culvert.extensions.http.v1.Http'; write "
      "'type.googleapis.com/culvert.extensions.http.v1.Http'"}},
    {"NoType",
     WithFilter("{name: http, typed_config: {max_headers: 5}}"),
     {"4:18: listeners[0].filters[0].http: '@type' is missing; write 'type.googleapis.com/' and "
      "the name of the message"}},
    {"NoName",
     WithFilter("{typed_config: {\"@type\": "
                "type.googleapis.com/culvert.extensions.http.v1.Http, max_header: 5}}"),
     {"4:5: listeners[0].filters[0].name: is required; add 'name'",
      "4:83: listeners[0].filters[0].http.max_header: unknown field; did you mean "
      "'max_headers'?"}},
    {"UnknownFieldInCanonicalForm",
     WithFilter("{name: http, typed_confg: {}}"),
     {"4:18: listeners[0].filters[0].typed_confg: unknown field; did you mean 'typed_config'?"}},
    {"MistakeInCanonicalForm",
     WithFilter("{name: http_connect, typed_config: {\"@type\": "
                "type.googleapis.com/culvert.extensions.http_connect.v1.HttpConnect, polcy: {}}}"),
     {"4:118: listeners[0].filters[0].http_connect.polcy: unknown field; did you mean "
      "'policy'?"}},
};

const Mistake kRules[] = {
    {"MissingFields",
     "listeners: [{}]",
     {"1:13: listeners[0]: has no filters; add 'filters', or 'filter_chains' with filters",
      "1:13: listeners[0].name: is required; add 'name'",
      "1:13: listeners[0].address: is required; add 'address'"}},
    {"EmptyRequiredFields",
     "clusters: [{name: \"\", endpoints: []}]",
     {"1:13: clusters[0].name: must not be empty; give a value",
      "1:23: clusters[0].endpoints: must not be empty; give a value"}},
    {"RequiredInsideOfFilters",
     WithFilter("tls_terminate: {certificates: [{}]}"),
     {"4:36: listeners[0].filters[0].tls_terminate.certificates[0].certificate_chain: is required; "
      "add 'certificate_chain'",
      "4:36: listeners[0].filters[0].tls_terminate.certificates[0].private_key: is required; add "
      "'private_key'"}},
    {"DataSourceOfNothing",
     WithUsers("[{name: a, password: {}}]"),
     {"2:31: identity_providers[0].users[0].password: nothing is chosen; add one of 'filename', "
      "'inline_string', 'inline_bytes', 'environment_variable'"}},
    {"NoProvider",
     "identity_providers: [{name: a}]",
     {"1:22: identity_providers[0]: nothing is chosen; add one of 'htpasswd', 'users'"}},
    {"MisspeltProvider",
     "identity_providers: [{name: a, htpaswd: {}}]",
     {"1:32: identity_providers[0].htpaswd: unknown field; did you mean 'htpasswd'?"}},
    {"FiltersAndFilterChains",
     "listeners: [{name: a, address: b, filters: [http],\n filter_chains: [{filters: [http]}]}]",
     {"2:2: listeners[0].filter_chains: excludes 'filters'; keep one of the two"}},
    {"ChainWithoutFilters",
     "listeners: [{name: a, address: b, \n filter_chains: [{filters: []}, {name: c}]}]",
     {"2:19: listeners[0].filter_chains[0].filters: must not be empty; give a value",
      "2:33: listeners[0].filter_chains[1].filters: is required; add 'filters'"}},
    {"NamesGivenTwice",
     "listeners: [{name: a, address: b, filters: [http]}, {name: a, address: b, filters: [http]}]\n"
     "clusters: [{name: c, endpoints: [{address: b}]}, {name: c, endpoints: [{address: b}]}]\n"
     "identity_providers: [{name: i, users: []}, {name: j, users: []}, {name: i, users: []}]\n",
     {"1:54: listeners[1].name: the name 'a' is taken by listeners[0]; choose another",
      "2:51: clusters[1].name: the name 'c' is taken by clusters[0]; choose another",
      "3:67: identity_providers[2].name: the name 'i' is taken by identity_providers[0]; choose "
      "another"}},
    {"ChainNamesGivenTwice",
     "listeners: [{name: a, address: b, filter_chains: [{filters: [http]}, {filters: [http]},\n"
     " {name: c, filters: [http]}, {name: c, filters: [http]}]}]",
     {"2:31: listeners[0].filter_chains[3].name: the name 'c' is taken by "
      "listeners[0].filter_chains[2]; choose another"}},
    {"UsersGivenTwice",
     WithUsers("[{name: u, password: {filename: f}}, {name: u, password: {filename: f}}]"),
     {"2:58: identity_providers[0].users[1].name: the name 'u' is taken by "
      "identity_providers[0].users[0]; choose another"}},
    {"ReferenceToNothing",
     WithFilter("tcp_proxy: {cluster: redis}"),
     {"4:17: listeners[0].filters[0].tcp_proxy.cluster: no cluster is named 'redis'; add it to "
      "'clusters'"}},
    {"ReferenceToAlmostSomething",
     WithFilter("auth: {providers: [staff, stuff]}") +
         "identity_providers: [{name: staff, users: []}]\n",
     {"4:31: listeners[0].filters[0].auth.providers[1]: no identity provider is named 'stuff'; did "
      "you mean 'staff'?"}},
    {"ReferenceIntoMisspeltListIsNoFurtherError",
     WithFilter("tcp_proxy: {cluster: redis}") + "cluters: []\n",
     {"5:1: cluters: unknown field; did you mean 'clusters'?"}},
    {"ItemsKeepTheirNumbersAfterABadOne",
     WithFilter("auth: {providers: [[], nobody]}"),
     {"4:24: listeners[0].filters[0].auth.providers[0]: expected a string, found a list; write one "
      "value",
      "4:28: listeners[0].filters[0].auth.providers[1]: no identity provider is named 'nobody'; "
      "add it to 'identity_providers'"}},
    {"NulInString",
     "process: {node: {id: \"a\\0b\"}}",
     {"1:18: process.node.id: holds a NUL character; remove it"}},
};

const Mistake kFiles[] = {
    {"BrokenYaml", "process: {workers: 1\n", {"2:1: not valid YAML: end of map flow not found"}},
    {"SecondDocument",
     "process: {}\n---\nprocess: {}\n",
     {"2:1: a second document begins here; a config is one document"}},
    {"Tag",
     "process: {workers: !!int 5}",
     {"1:20: tags such as '!!str' are not supported; remove the tag"}},
    {"NotUtf8",
     "process:\n  node: {id: \"\xff\"}",
     {"2:15: not UTF-8 text; save the file as UTF-8"}},
    {"Utf16", std::string("\xff\xfe{\0}\0", 6), {"1:1: not UTF-8 text; save the file as UTF-8"}},
};

std::string NameOf(const testing::TestParamInfo<Mistake>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Types, MistakeTest, testing::ValuesIn(kTypes), NameOf);
INSTANTIATE_TEST_SUITE_P(Units, MistakeTest, testing::ValuesIn(kUnits), NameOf);
INSTANTIATE_TEST_SUITE_P(Filters, MistakeTest, testing::ValuesIn(kFilters), NameOf);
INSTANTIATE_TEST_SUITE_P(Rules, MistakeTest, testing::ValuesIn(kRules), NameOf);
INSTANTIATE_TEST_SUITE_P(Files, MistakeTest, testing::ValuesIn(kFiles), NameOf);

TEST(ErrorsTest, AreAllReportedAtOnceInTheOrderOfTheFile) {
  const LoadResult result = LoadYaml(
      "process:\n"
      "  workers: lots\n"
      "listeners:\n"
      "- name: proxy\n"
      "  address: 127.0.0.1:8443\n"
      "  filters:\n"
      "  - tls_terminate: {certificates: []}\n"
      "  - auth: {providers: [staff]}\n"
      "  - http_connect:\n"
      "      polcy: {}\n"
      "      idle_timeout: 10\n"
      "clusters:\n"
      "- endpoints: []\n");
  EXPECT_THAT(
      Lines(result),
      ElementsAre("test.yaml:2:3: process.workers: expected a whole number, found 'lots'",
                  "test.yaml:7:21: listeners[0].filters[0].tls_terminate.certificates: must not be "
                  "empty; give a value",
                  "test.yaml:8:24: listeners[0].filters[1].auth.providers[0]: no identity provider "
                  "is named 'staff'; add it to 'identity_providers'",
                  "test.yaml:10:7: listeners[0].filters[2].http_connect.polcy: unknown field; did "
                  "you mean 'policy'?",
                  "test.yaml:11:7: listeners[0].filters[2].http_connect.idle_timeout: a duration "
                  "needs a unit; write a duration such as '10s', '1.5s', '250ms', '1h' or '2m30s'",
                  "test.yaml:13:3: clusters[0].name: is required; add 'name'",
                  "test.yaml:13:3: clusters[0].endpoints: must not be empty; give a value"));
}

TEST(ErrorsTest, AreBoundedInNumber) {
  std::string yaml;
  for (int i = 0; i < 5000; ++i) yaml += "unknown_" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(LoadYaml(yaml).errors.size(), 1000);
}

TEST(ErrorsTest, PrintOneLineEach) {
  const std::vector<ConfigError> errors = {{"a.pb", {}, "x", "bad"}, {"a.yaml", {1, 2}, "", "bad"}};
  EXPECT_EQ(ToString(errors), "a.pb: x: bad\na.yaml:1:2: bad\n");
}

}  // namespace
}  // namespace culvert::config
