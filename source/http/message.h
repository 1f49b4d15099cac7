// Requests and responses as filters see them: the head of a message with the facts that its parser
// has established, and the list of fields that a message to send is built from. Each is owned by
// one exchange, on its worker.
#ifndef CULVERT_SOURCE_HTTP_MESSAGE_H_
#define CULVERT_SOURCE_HTTP_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/http/authority.h"

namespace culvert::http {

// One field of a head that was received; views into the head's block.
struct HeaderField {
  std::string_view name;
  std::string_view value;
};

// How the end of a body is known (RFC 9112, 6.3).
struct BodyFraming {
  enum class Kind {
    kNone,
    kContentLength,
    kChunked,
    // Responses only: the connection's end is the body's.
    kUntilClose,
  };
  Kind kind = Kind::kNone;
  // Bytes; of kContentLength alone.
  uint64_t length = 0;

  bool has_body() const {
    return kind != Kind::kNone && !(kind == Kind::kContentLength && length == 0);
  }
};

// What request and response heads have in common. The bytes lie in a heap block of their own, so
// the views stay valid when the head is moved, and as long as it lives.
struct MessageHead {
  std::unique_ptr<char[]> block;
  std::string_view start_line;
  std::vector<HeaderField> fields;

  // The value of the first field of that name, whatever its case.
  std::optional<std::string_view> Find(std::string_view name) const;
  size_t Count(std::string_view name) const;
  // Takes the fields of that name out of sight; returns how many there were.
  size_t Remove(std::string_view name);
  // Whether `token` is an element of the comma-separated lists in the fields of that name; no case.
  bool HasListToken(std::string_view name, std::string_view token) const;
};

// The four forms of a request target (RFC 9112, 3.2).
enum class TargetForm {
  kOrigin,     // /path?query
  kAbsolute,   // http://host/path?query
  kAuthority,  // host:port, of CONNECT and of it alone
  kAsterisk,   // *, of OPTIONS and of it alone
};

struct RequestHead : MessageHead {
  std::string_view method;
  std::string_view target;
  TargetForm target_form = TargetForm::kOrigin;
  // Whom the request is for, as it was written: the authority of an absolute target or of CONNECT,
  // else the value of Host. Empty only in HTTP/1.0 without Host.
  std::string_view host;
  // The same, taken apart; with a port always in CONNECT.
  Authority authority;
  // Path and query, of an absolute target as well, where a query may stand without a path ("?q").
  // `/` if the target has neither, empty for CONNECT.
  std::string_view path;
  // 0 or 1, of HTTP/1.x.
  int minor_version = 1;
  bool keep_alive = true;
  // The client holds its body back until it gets a 100 (RFC 9110, 10.1.1).
  bool expect_continue = false;
  // Never a body for CONNECT.
  BodyFraming framing;
};

struct ResponseHead : MessageHead {
  // 100 to 599.
  int status = 0;
  std::string_view reason;
  int minor_version = 1;
  bool keep_alive = true;
  BodyFraming framing;

  // Another response to the same request follows (RFC 9110, 15.2); 101 is the last one in HTTP.
  bool interim() const { return status < 200 && status != 101; }
};

// Fields of a message to send, in order. Nothing gets in that could break out of its line.
class HeaderList {
 public:
  struct Field {
    std::string name;
    std::string value;
  };

  // Adds a field behind the others. False, with nothing added, if the name is no token or the value
  // has control characters (CR, LF and NUL among them). Whitespace around the value is dropped.
  bool Add(std::string_view name, std::string_view value);
  // Adds the field in place of all others of that name. False as in Add, with nothing changed.
  bool Set(std::string_view name, std::string_view value);
  // Returns how many fields went.
  size_t Remove(std::string_view name);
  std::optional<std::string_view> Find(std::string_view name) const;

  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_MESSAGE_H_
