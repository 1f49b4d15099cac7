#include "source/http/http1_serializer.h"

#include <charconv>

#include "source/http/syntax.h"

namespace culvert::http {
namespace {

void AppendFields(const HeaderList& fields, std::string& out) {
  for (const HeaderList::Field& field : fields.fields()) {
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  out.append("\r\n");
}

}  // namespace

std::string_view ReasonPhrase(int status) {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr Phrase kPhrases[] = {
      {100, "Continue"},
      {101, "Switching Protocols"},
      {103, "Early Hints"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {203, "Non-Authoritative Information"},
      {204, "No Content"},
      {205, "Reset Content"},
      {206, "Partial Content"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {425, "Too Early"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {511, "Network Authentication Required"},
  };
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return {};
}

void AppendResponseHead(int status, const HeaderList& fields, std::string& out) {
  if (status < 100 || status > 599) status = 500;
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
  out.append(ReasonPhrase(status)).append("\r\n");
  AppendFields(fields, out);
}

bool AppendRequestHead(std::string_view method, std::string_view target, const HeaderList& fields,
                       std::string& out) {
  if (!IsToken(method) || !IsTargetText(target)) return false;
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  AppendFields(fields, out);
  return true;
}

ChunkHeader::ChunkHeader(uint64_t size) {
  char* const end = std::to_chars(buffer_.data(), buffer_.data() + 16, size, 16).ptr;
  end[0] = '\r';
  end[1] = '\n';
  size_ = end + 2 - buffer_.data();
}

}  // namespace culvert::http
