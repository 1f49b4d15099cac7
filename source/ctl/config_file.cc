#include "source/ctl/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "source/base/status.h"
#include "source/config/utf8.h"
#include "source/ctl/read_file.h"

namespace culvert::ctl {
namespace {

namespace fs = std::filesystem;
using admin::v1::Text;

struct Notation {
  std::string_view name;
  Text::Format format;  // unspecified: binary
};

constexpr std::array<Notation, 5> kNotations = {{{"yaml", Text::YAML},
                                                 {"yml", Text::YAML},
                                                 {"json", Text::JSON},
                                                 {"textproto", Text::TEXTPROTO},
                                                 {"pb", Text::FORMAT_UNSPECIFIED}}};

absl::StatusOr<Text::Format> FormatOf(const ConfigFile& file) {
  const std::string suffix = fs::path(file.name).extension().string();
  const std::string name = file.format.value_or(suffix.empty() ? "" : suffix.substr(1));
  const auto found = std::ranges::find(kNotations, name, &Notation::name);
  if (found != kNotations.end()) return found->format;
  return InvalidArgument(fmt::format(
      "{}: the name does not tell the notation; --format yaml, json, textproto or pb does",
      file.name));
}

// Where relative names in the config start.
absl::StatusOr<std::string> BaseDirectoryOf(const ConfigFile& file) {
  if (file.base_directory) return *file.base_directory;
  std::error_code error;
  const fs::path path = fs::absolute(file.name, error);
  if (error) return InvalidArgument(fmt::format("{}: {}", file.name, error.message()));
  return path.lexically_normal().parent_path().string();
}

}  // namespace

absl::StatusOr<admin::v1::ConfigSource> ReadConfigFile(const ConfigFile& file, std::FILE* in) {
  const auto format = FormatOf(file);
  if (!format.ok()) return format.status();
  const auto base_directory = BaseDirectoryOf(file);
  if (!base_directory.ok()) return base_directory.status();
  const std::string shown_name = file.name == "-" ? "standard input" : file.name;
  auto content = file.name == "-" ? ReadStream(in, shown_name) : ReadFile(file.name);
  if (!content.ok()) return content.status();

  admin::v1::ConfigSource source;
  source.set_base_directory(*base_directory);
  if (*format == Text::FORMAT_UNSPECIFIED) {
    if (!source.mutable_message()->ParseFromString(*content)) {
      return InvalidArgument(fmt::format("{}: is no config in protobuf's binary form", shown_name));
    }
    return source;
  }
  // Protobuf would send it, and the server's would then not read the message at all.
  if (const auto bad = config::FindBadUtf8(*content)) {
    const auto end = content->begin() + static_cast<ptrdiff_t>(*bad);
    return InvalidArgument(fmt::format("{}:{}: is not UTF-8; save the file as UTF-8", shown_name,
                                       1 + std::count(content->begin(), end, '\n')));
  }
  source.mutable_text()->set_format(*format);
  source.mutable_text()->set_file_name(shown_name);
  source.mutable_text()->set_content(*std::move(content));
  return source;
}

}  // namespace culvert::ctl
