#include "source/filter/build_context.h"

#include "source/base/data_source.h"
#include "source/base/status.h"

namespace culvert::filter {

void BuildContext::AddError(std::string_view field, std::string message) {
  failed_ = true;
  std::string path = path_;
  if (!field.empty()) path.append(".").append(field);
  errors_.push_back({std::move(path), std::move(message)});
}

std::optional<std::string> BuildContext::Read(std::string_view field,
                                              const config::v1::DataSource& source) {
  auto data = ReadDataSource(source, environment_.base_directory());
  if (data.ok()) return *std::move(data);
  AddError(field, std::string(Message(data.status())));
  return std::nullopt;
}

stats::Counter& BuildContext::Counter(std::string_view name, std::string_view help,
                                      stats::Labels labels) {
  labels.emplace_back("listener", listener_);
  return environment_.stats().GetCounter(name, std::move(labels), help);
}

}  // namespace culvert::filter
