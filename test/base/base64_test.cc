#include "source/base/base64.h"

#include <gtest/gtest.h>

namespace culvert {
namespace {

using namespace std::string_view_literals;

TEST(Base64Test, CodesTheVectorsOfRfc4648) {
  const struct {
    std::string_view bytes;
    std::string_view text;
  } kCases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\0\xff\xfb\xf0"sv, "AP/78A=="},
      {"Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(Base64Encode(test.bytes), test.text);
    EXPECT_EQ(Base64Decode(test.text), test.bytes);
  }
}

TEST(Base64Test, DecodesEveryByteThatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<char>(i));
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)), bytes);
  }
}

TEST(Base64Test, RefusesWhatIsNotTheOneEncoding) {
  const struct {
    const char* name;
    std::string_view text;
  } kCases[] = {
      {"missing padding", "Zg"},
      {"half of the padding", "Zg="},
      {"one character", "Z"},
      {"padding alone", "===="},
      {"three of padding", "Z==="},
      {"padding within", "Zg==Zg=="},
      {"padding after a whole group", "Zm9v===="},
      {"text behind the padding", "Zg=a"},
      {"bits under two of padding", "Zh=="},
      {"bits under one of padding", "Zm9="},
      {"space", "Zm 9"},
      {"line end", "Zm9v\r\n\r\n"},
      {"URL alphabet", "-_-_"},
      {"NUL", "Zm9\0"sv},
      {"byte over 0x7f", "Zm9\xe9"},
  };
  for (const auto& test : kCases) EXPECT_FALSE(Base64Decode(test.text)) << test.name;
}

}  // namespace
}  // namespace culvert
