#include "source/filter/build_context.h"

#include "source/base/data_source.h"
#include "source/base/status.h"

namespace culvert::filter {

std::string BuildContext::PathOf(std::string_view field) const {
  std::string path = path_;
  if (!field.empty()) path.append(".").append(field);
  return path;
}

void BuildContext::AddError(std::string_view field, std::string message) {
  failed_ = true;
  errors_.push_back({PathOf(field), std::move(message)});
}

void BuildContext::AddWarning(std::string_view field, std::string message) {
  environment_.AddWarning({PathOf(field), std::move(message)});
}

void BuildContext::NoteCertificate(std::string_view field, CertificateFacts facts) {
  facts.path = PathOf(field);
  environment_.NoteCertificate(std::move(facts));
}

std::optional<std::string> BuildContext::Read(std::string_view field,
                                              const config::v1::DataSource& source) {
  if (source.has_filename()) {
    environment_.NoteFile(ResolveFilename(source.filename(), environment_.base_directory()));
  }
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
