// What the converter does with types that the config itself does not use.
#include "source/config/converter.h"

#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"
#include "source/config/json_reader.h"

namespace culvert::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <typename Message>
std::vector<std::string> Convert(std::string_view json, Message& message) {
  Diagnostics diagnostics("t.json");
  const std::optional<Node> root = ReadJson(json, diagnostics);
  diagnostics.sources().Add("", root->position);
  Converter({}, diagnostics).ConvertMessage(*root, Path(), message);
  std::vector<std::string> lines;
  for (const ConfigError& error : diagnostics.TakeErrors()) lines.push_back(ToString(error));
  return lines;
}

template <typename Wrapper>
std::vector<std::string> ConvertWrapped(std::string_view value, Wrapper& wrapper) {
  return Convert("{\"value\": " + std::string(value) + "}", wrapper);
}

TEST(ConverterTest, ReadsMaps) {
  google::protobuf::Struct message;
  EXPECT_THAT(
      Convert(R"({"fields": {"a": {"number_value": -1.5e2}, "b": {"bool_value": true}}})", message),
      IsEmpty());
  EXPECT_EQ(message.fields().at("a").number_value(), -150);
  EXPECT_TRUE(message.fields().at("b").bool_value());
}

TEST(ConverterTest, NamesTheEntriesOfMapsInErrors) {
  google::protobuf::Struct message;
  EXPECT_THAT(Convert("{\"fields\": {\n\"a\": {\"number_value\": \"1\"},\n\"a\": {}}}", message),
              ElementsAre("t.json:2:7: fields.a.number_value: expected a number, found a string; "
                          "remove the quotes",
                          "t.json:3:1: fields.a: is given twice, first in line 2; remove one"));
}

TEST(ConverterTest, ReadsTheWholeRangeOfEveryInteger) {
  google::protobuf::Int32Value i32;
  google::protobuf::Int64Value i64;
  google::protobuf::UInt64Value u64;
  EXPECT_THAT(ConvertWrapped("-2147483648", i32), IsEmpty());
  EXPECT_EQ(i32.value(), INT32_MIN);
  EXPECT_THAT(ConvertWrapped("-9223372036854775808", i64), IsEmpty());
  EXPECT_EQ(i64.value(), INT64_MIN);
  EXPECT_THAT(ConvertWrapped("18446744073709551615", u64), IsEmpty());
  EXPECT_EQ(u64.value(), UINT64_MAX);
}

TEST(ConverterTest, RefusesIntegersBeyondTheirRange) {
  google::protobuf::Int32Value i32;
  google::protobuf::Int64Value i64;
  EXPECT_THAT(ConvertWrapped("2147483648", i32),
              ElementsAre("t.json:1:2: value: out of range; write a number from -2147483648 to "
                          "2147483647"));
  EXPECT_THAT(ConvertWrapped("-9223372036854775809", i64),
              ElementsAre("t.json:1:2: value: out of range; write a number from "
                          "-9223372036854775808 to 9223372036854775807"));
}

TEST(ConverterTest, ReadsFloatsThatAreFinite) {
  google::protobuf::FloatValue number;
  EXPECT_THAT(ConvertWrapped("0.25", number), IsEmpty());
  EXPECT_EQ(number.value(), 0.25f);
  EXPECT_THAT(ConvertWrapped("1e99", number),
              ElementsAre("t.json:1:2: value: out of range; write a smaller number"));
}

TEST(ConverterTest, ReadsAListOfMessagesInPlaceOfTheMessageRoundIt) {
  google::protobuf::ListValue list;
  EXPECT_THAT(Convert(R"([{"string_value": "a"}, {"list_value": [{"bool_value": true}]}])", list),
              IsEmpty());
  EXPECT_EQ(list.values(0).string_value(), "a");
  EXPECT_TRUE(list.values(1).list_value().values(0).bool_value());
}

}  // namespace
}  // namespace culvert::config
