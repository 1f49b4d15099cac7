#include "source/config/loader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <limits>
#include <system_error>
#include <utility>

#include "fmt/format.h"
#include "source/base/units.h"
#include "source/config/consistency.h"
#include "source/config/converter.h"
#include "source/config/diagnostics.h"
#include "source/config/filter_form.h"
#include "source/config/json_reader.h"
#include "source/config/textproto_reader.h"
#include "source/config/utf8.h"
#include "source/config/validator.h"
#include "source/config/yaml_reader.h"

namespace culvert::config {
namespace {

constexpr size_t kMaxFileSize = size_t{64} << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

constexpr std::array<std::pair<std::string_view, Format>, 5> kSuffixes = {
    {{".yaml", Format::kYaml},
     {".yml", Format::kYaml},
     {".json", Format::kJson},
     {".textproto", Format::kTextproto},
     {".pb", Format::kBinary}}};

LoadResult Failure(std::string_view file_name, std::string_view message) {
  LoadResult result;
  result.sources = SourceMap(file_name);
  result.errors.push_back({std::string(file_name), {}, "", std::string(message)});
  return result;
}

// The tree formats; `root` is empty if the text could not be read. Returns whether there is a
// message to check.
bool ReadTree(std::optional<Node> root, const LoadOptions& options, v1::Config& config,
              Diagnostics& diagnostics) {
  if (!root) return false;
  diagnostics.sources().Add("", root->position);
  if (root->kind == Node::Kind::kNull) {
    diagnostics.Add("", "the config is empty; write '{}' if that is meant");
    return false;
  }
  Converter(options.filter_names, diagnostics).ConvertMessage(*root, Path(), config);
  return true;
}

bool ReadBinary(std::string_view bytes, v1::Config& config, Diagnostics& diagnostics) {
  if (config.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return true;
  diagnostics.Add("", "not a culvert.config.v1.Config in protobuf's binary format");
  return false;
}

void Check(const LoadOptions& options, v1::Config& config, Diagnostics& diagnostics) {
  CompleteFilters(config, options.filter_names);
  CheckConsistency(config, diagnostics);
  Validate(config, options.filter_names, diagnostics);
}

// Reports bytes that no text format may contain.
bool CheckEncoding(std::string_view text, Diagnostics& diagnostics) {
  const size_t nul = text.find('\0');
  const size_t bad = std::min(FindBadUtf8(text).value_or(text.size()), nul);
  if (bad >= text.size()) return true;
  const std::string_view before = text.substr(0, bad);
  const size_t line_start = before.rfind('\n') + 1;
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  diagnostics.AddAt({static_cast<int>(line), static_cast<int>(bad - line_start) + 1}, "",
                    "not UTF-8 text; save the file as UTF-8");
  return false;
}

bool ReadText(std::string_view text, Format format, const LoadOptions& options, v1::Config& config,
              Diagnostics& diagnostics) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (!CheckEncoding(text, diagnostics)) return false;
  if (format == Format::kTextproto) return ReadTextproto(text, config, diagnostics);
  return ReadTree(
      format == Format::kYaml ? ReadYaml(text, diagnostics) : ReadJson(text, diagnostics), options,
      config, diagnostics);
}

// The content of the file; on failure returns false and leaves the reason in `content`.
bool ReadFile(const std::string& path, std::string& content) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    content = fmt::format("cannot be opened: {}", std::generic_category().message(errno));
    return false;
  }
  std::array<char, 65536> buffer;
  while (content.size() <= kMaxFileSize && file) {
    file.read(buffer.data(), buffer.size());
    content.append(buffer.data(), static_cast<size_t>(file.gcount()));
  }
  // A directory opens, and fails when it is read.
  if (!file.eof() && content.size() <= kMaxFileSize) {
    content = fmt::format("cannot be read: {}", std::generic_category().message(errno));
    return false;
  }
  return true;
}

}  // namespace

std::optional<Format> FormatOf(std::string_view file_name) {
  for (const auto& [suffix, format] : kSuffixes) {
    if (file_name.ends_with(suffix)) return format;
  }
  return std::nullopt;
}

LoadResult LoadConfigFile(const std::string& path, const LoadOptions& options) {
  const auto format = FormatOf(path);
  if (!format) {
    return Failure(path,
                   "unknown kind of file; the name must end in .yaml, .yml, .json, .textproto or "
                   ".pb");
  }
  std::string content;
  if (!ReadFile(path, content)) return Failure(path, content);
  return LoadConfigText(content, *format, path, options);
}

LoadResult LoadConfigText(std::string_view text, Format format, std::string_view file_name,
                          const LoadOptions& options) {
  if (text.size() > kMaxFileSize) {
    return Failure(file_name,
                   fmt::format("is too large; at most {}", FormatByteSize(kMaxFileSize)));
  }
  Diagnostics diagnostics(file_name);
  LoadResult result;
  const bool readable = format == Format::kBinary
                            ? ReadBinary(text, result.config, diagnostics)
                            : ReadText(text, format, options, result.config, diagnostics);
  if (readable) Check(options, result.config, diagnostics);
  result.errors = diagnostics.TakeErrors();
  result.sources = std::move(diagnostics.sources());
  return result;
}

LoadResult LoadConfigMessage(v1::Config config, const LoadOptions& options) {
  Diagnostics diagnostics("");
  LoadResult result;
  result.config = std::move(config);
  Check(options, result.config, diagnostics);
  result.errors = diagnostics.TakeErrors();
  return result;
}

}  // namespace culvert::config
