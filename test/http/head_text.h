// A head as one string, so that tests and fuzzers can compare what two parsers made of it.
#ifndef CULVERT_TEST_HTTP_HEAD_TEXT_H_
#define CULVERT_TEST_HTTP_HEAD_TEXT_H_

#include <string>

#include "source/http/message.h"

namespace culvert::http {

inline std::string DescribeFraming(const BodyFraming& framing) {
  return std::to_string(static_cast<int>(framing.kind)) + "/" + std::to_string(framing.length);
}

inline std::string DescribeFields(const MessageHead& head) {
  std::string text;
  for (const HeaderField& field : head.fields) {
    text.append(field.name).append("=").append(field.value).append("\n");
  }
  return text;
}

inline std::string Describe(const RequestHead& head) {
  std::string text;
  for (std::string_view part :
       {head.method, head.target, head.host, head.authority.host, head.path}) {
    text.append(part).append("\n");
  }
  for (int fact : {static_cast<int>(head.target_form), int{head.authority.port.value_or(0)},
                   head.minor_version, int{head.keep_alive}, int{head.expect_continue}}) {
    text.append(std::to_string(fact)).append(" ");
  }
  return text + DescribeFraming(head.framing) + "\n" + DescribeFields(head);
}

inline std::string Describe(const ResponseHead& head) {
  return std::to_string(head.status) + " " + std::string(head.reason) + "\n" +
         std::to_string(head.minor_version) + (head.keep_alive ? " keep " : " close ") +
         DescribeFraming(head.framing) + "\n" + DescribeFields(head);
}

}  // namespace culvert::http

#endif  // CULVERT_TEST_HTTP_HEAD_TEXT_H_
