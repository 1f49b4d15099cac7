// A tree into a message, whatever format the tree was read from. Lives for one load; one thread.
#ifndef CULVERT_SOURCE_CONFIG_CONVERTER_H_
#define CULVERT_SOURCE_CONFIG_CONVERTER_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/culvert/config/v1/config.pb.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/message.h"
#include "source/config/diagnostics.h"
#include "source/config/node.h"

namespace culvert::config {

// Reads what it can and reports the rest, so that one run finds every error. Positions go into the
// source map of `diagnostics` on the way. Whether values obey the rules of their fields is the
// validator's question.
class Converter {
 public:
  // Both outlive the converter. `filter_names`: the filters that may be written in the short form.
  Converter(std::span<const std::string> filter_names, Diagnostics& diagnostics)
      : filter_names_(filter_names), diagnostics_(diagnostics) {}

  // Reads `message`, which stands at `path`, in the form that messages of its type are written in.
  void ConvertMessage(const Node& node, const Path& path, google::protobuf::Message& message);

 private:
  // The fields of a message from a map, in which `form_key` is no field but part of the form.
  void ConvertFields(const Node& node, const Path& path, std::string_view form_key,
                     google::protobuf::Message& message);
  void ConvertList(const Node& node, const Path& path,
                   const google::protobuf::FieldDescriptor& field,
                   google::protobuf::Message& message);
  void ConvertMap(const Node& node, const Path& path,
                  const google::protobuf::FieldDescriptor& field,
                  google::protobuf::Message& message);
  // Sets a singular field or appends one item to a list.
  void ConvertValue(const Node& node, const Path& path,
                    const google::protobuf::FieldDescriptor& field,
                    google::protobuf::Message& message);

  // filter_converter.cc has these.
  void ConvertAny(const Node& node, const Path& path, google::protobuf::Any& any);
  void ConvertFilter(const Node& node, const Path& path, v1::Filter& filter);
  void ConvertShortFilter(const std::string& name, const Node& settings, const Path& path,
                          v1::Filter& filter);
  void ConvertCanonicalFilter(const Node& node, const Path& path, v1::Filter& filter);

  // The entries of a map without those whose key was there before, which it reports.
  std::vector<const Node::Entry*> UniqueEntries(const Node& map, const Path& path);
  void ReportUnknownField(const Node::Entry& entry, const Path& path,
                          const google::protobuf::Descriptor& message);

  const std::span<const std::string> filter_names_;
  Diagnostics& diagnostics_;
};

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_CONVERTER_H_
