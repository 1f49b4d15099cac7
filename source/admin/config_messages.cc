#include "source/admin/config_messages.h"

#include "source/admin/time_messages.h"

namespace culvert::admin {
namespace {

v1::Change::Kind ToMessage(config::Change::Kind kind) {
  switch (kind) {
    case config::Change::Kind::kAdded:
      return v1::Change::ADDED;
    case config::Change::Kind::kRemoved:
      return v1::Change::REMOVED;
    case config::Change::Kind::kChanged:
      return v1::Change::CHANGED;
  }
  return v1::Change::KIND_UNSPECIFIED;
}

std::optional<config::Format> FormatOf(const v1::Text& text) {
  switch (text.format()) {
    case v1::Text::YAML:
      return config::Format::kYaml;
    case v1::Text::JSON:
      return config::Format::kJson;
    case v1::Text::TEXTPROTO:
      return config::Format::kTextproto;
    default:
      break;
  }
  const std::optional<config::Format> format = config::FormatOf(text.file_name());
  return format == config::Format::kBinary ? std::nullopt : format;
}

}  // namespace

v1::ConfigError ToMessage(const config::ConfigError& error) {
  v1::ConfigError message;
  message.set_file(error.file);
  message.set_line(error.position.line);
  message.set_column(error.position.column);
  message.set_path(error.path);
  message.set_message(error.message);
  return message;
}

v1::Change ToMessage(const config::Change& change) {
  v1::Change message;
  message.set_kind(ToMessage(change.kind));
  message.set_what(change.what);
  message.set_name(change.name);
  for (const std::string& field : change.fields) message.add_fields(field);
  return message;
}

v1::Version ToMessage(const server::ConfigVersion& version) {
  v1::Version message;
  message.set_number(version.number);
  *message.mutable_applied() = ToTimestamp(version.applied);
  message.set_origin(version.origin);
  message.set_author(version.author);
  message.set_label(version.label);
  message.set_checksum(version.checksum);
  return message;
}

std::optional<server::ConfigSource> FromMessage(const v1::ConfigSource& source, FieldError& error) {
  server::ConfigSource result;
  result.base_directory = source.base_directory();
  if (!result.base_directory.empty() && !result.base_directory.starts_with('/')) {
    error = {"source.base_directory", "is not absolute; write it from `/` on"};
    return std::nullopt;
  }
  if (source.has_message()) {
    result.config = source.message();
    return result;
  }
  if (!source.has_text()) {
    error = {"source", "has no config; set `message` or `text`"};
    return std::nullopt;
  }
  const std::optional<config::Format> format = FormatOf(source.text());
  if (!format) {
    error = {"source.text.format", "is not given; set YAML, JSON or TEXTPROTO"};
    return std::nullopt;
  }
  result.config = server::ConfigText{*format, source.text().content(), source.text().file_name()};
  return result;
}

}  // namespace culvert::admin
