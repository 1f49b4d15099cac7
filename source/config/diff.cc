#include "source/config/diff.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "google/protobuf/any.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"
#include "source/config/field_path.h"
#include "source/config/filter_form.h"
#include "source/config/schema.h"

namespace culvert::config {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

// Of one change: more, nobody reads.
constexpr size_t kMaxFields = 100;

constexpr int kSingular = -1;

// Overwrites `bytes`, whose memory serves for many messages in a row.
void Serialize(const pb::Message& message, std::string& bytes) {
  bytes.clear();
  pb::io::StringOutputStream stream(&bytes);
  pb::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializePartialToCodedStream(&coded);
}

// Tells most messages that are the same quickly from others. Equal ones may pass for different: an
// Any holds bytes that were made elsewhere.
class QuickCompare {
 public:
  bool Same(const pb::Message& a, const pb::Message& b) {
    Serialize(a, a_);
    Serialize(b, b_);
    return a_ == b_;
  }

 private:
  std::string a_;
  std::string b_;
};

// What is left of two lists without the items that both begin with and those that both end with: so
// that one item that came or went does not make others of all that follow.
struct Middle {
  int begin = 0;
  int before_end;
  int after_end;
};

template <typename Same>
Middle Trim(int before, int after, Same same) {
  Middle middle{0, before, after};
  while (middle.begin < std::min(before, after) && same(middle.begin, middle.begin)) ++middle.begin;
  while (std::min(middle.before_end, middle.after_end) > middle.begin &&
         same(middle.before_end - 1, middle.after_end - 1)) {
    --middle.before_end;
    --middle.after_end;
  }
  return middle;
}

class FieldComparer {
 public:
  void Messages(const pb::Message& before, const pb::Message& after, const std::string& path) {
    const pb::Descriptor& type = *before.GetDescriptor();
    if (IsAny(type)) {
      return Anys(static_cast<const pb::Any&>(before), static_cast<const pb::Any&>(after), path);
    }
    if (&type == v1::Filter::descriptor()) {
      return Filters(static_cast<const v1::Filter&>(before), static_cast<const v1::Filter&>(after),
                     path);
    }
    if (IsDuration(type)) {
      if (!quick_.Same(before, after)) Report(path);
      return;
    }
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const std::string field_path = FieldPath(path, field);
      if (field.is_map()) {
        Maps(before, after, field, field_path);
      } else if (field.is_repeated()) {
        Lists(before, after, field, field_path);
      } else {
        Singular(before, after, field, field_path);
      }
    }
  }

  void Lists(const pb::Message& before, const pb::Message& after, const FieldDescriptor& field,
             const std::string& path) {
    const pb::Reflection& reflection = *before.GetReflection();
    const Middle middle =
        Trim(reflection.FieldSize(before, &field), reflection.FieldSize(after, &field),
             [&](int i, int j) { return SameValue(before, i, after, j, field); });
    for (int i = middle.begin; i < std::max(middle.before_end, middle.after_end); ++i) {
      if (i < middle.before_end && i < middle.after_end) {
        Values(before, after, field, i, IndexPath(path, i));
      } else {
        Report(IndexPath(path, i));
      }
    }
  }

  std::vector<std::string> Take() { return std::move(fields_); }

 private:
  void Report(const std::string& path) { fields_.push_back(path); }

  void Filters(const v1::Filter& before, const v1::Filter& after, const std::string& path) {
    if (before.name() != after.name()) return Report(path);
    Anys(before.typed_config(), after.typed_config(), JoinPath(path, SettingsName(after)));
  }

  void Anys(const pb::Any& before, const pb::Any& after, const std::string& path) {
    if (before.type_url() == after.type_url() && before.value() == after.value()) return;
    const auto inner_before = Unpack(before);
    const auto inner_after = Unpack(after);
    const bool comparable = before.type_url() == after.type_url() && inner_before && inner_after;
    if (!comparable) return Report(path);
    Messages(*inner_before, *inner_after, path);
  }

  void Singular(const pb::Message& before, const pb::Message& after, const FieldDescriptor& field,
                const std::string& path) {
    const pb::Reflection& reflection = *before.GetReflection();
    const bool had = reflection.HasField(before, &field);
    if (had != reflection.HasField(after, &field)) return Report(path);
    if (had) Values(before, after, field, kSingular, path);
  }

  // A singular field, or the item at `index` of both lists.
  void Values(const pb::Message& before, const pb::Message& after, const FieldDescriptor& field,
              int index, const std::string& path) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Messages(Child(before, field, index), Child(after, field, index), path);
    } else if (!SameValue(before, index, after, index, field)) {
      Report(path);
    }
  }

  void Maps(const pb::Message& before, const pb::Message& after, const FieldDescriptor& field,
            const std::string& path) {
    if (SortedEntries(before, field) != SortedEntries(after, field)) Report(path);
  }

  static std::vector<std::string> SortedEntries(const pb::Message& message,
                                                const FieldDescriptor& field) {
    std::vector<std::string> entries;
    for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
      Serialize(Child(message, field, i), entries.emplace_back());
    }
    std::ranges::sort(entries);
    return entries;
  }

  bool SameValue(const pb::Message& before, int i, const pb::Message& after, int j,
                 const FieldDescriptor& field) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return quick_.Same(Child(before, field, i), Child(after, field, j));
    }
    std::string before_text;
    std::string after_text;
    pb::TextFormat::PrintFieldValueToString(before, &field, i, &before_text);
    pb::TextFormat::PrintFieldValueToString(after, &field, j, &after_text);
    return before_text == after_text;
  }

  static const pb::Message& Child(const pb::Message& message, const FieldDescriptor& field,
                                  int index) {
    const pb::Reflection& reflection = *message.GetReflection();
    return index == kSingular ? reflection.GetMessage(message, &field)
                              : reflection.GetRepeatedMessage(message, &field, index);
  }

  std::vector<std::string> fields_;
  QuickCompare quick_;
};

class ConfigComparer {
 public:
  // A part of the config that there is but one of.
  void Part(std::string_view what, std::vector<std::string> fields) {
    if (!fields.empty()) Add(Change::Kind::kChanged, what, "", std::move(fields));
  }

  // A list of things that have names.
  template <typename Items>
  void Things(std::string_view what, const Items& before, const Items& after) {
    std::unordered_map<std::string_view, const typename Items::value_type*> gone;
    for (const auto& thing : before) gone.emplace(thing.name(), &thing);
    for (const auto& thing : after) {
      const auto found = gone.find(thing.name());
      if (found == gone.end()) {
        Add(Change::Kind::kAdded, what, thing.name(), {});
        continue;
      }
      if (!quick_.Same(*found->second, thing)) {
        auto fields = DifferingFields(*found->second, thing);
        if (!fields.empty()) Add(Change::Kind::kChanged, what, thing.name(), std::move(fields));
      }
      gone.erase(found);
    }
    for (const auto& thing : before) {
      const auto found = gone.find(thing.name());
      if (found == gone.end() || found->second != &thing) continue;
      removed_.push_back({Change::Kind::kRemoved, std::string(what), thing.name(), {}});
    }
  }

  std::vector<Change> Take() {
    std::ranges::move(removed_, std::back_inserter(changes_));
    return std::move(changes_);
  }

 private:
  void Add(Change::Kind kind, std::string_view what, const std::string& name,
           std::vector<std::string> fields) {
    if (fields.size() > kMaxFields) {
      fields.resize(kMaxFields);
      fields.emplace_back("...");
    }
    changes_.push_back({kind, std::string(what), name, std::move(fields)});
  }

  std::vector<Change> changes_;
  std::vector<Change> removed_;
  QuickCompare quick_;
};

std::vector<std::string> DifferingAccessLogs(const v1::Config& before, const v1::Config& after) {
  const FieldDescriptor& field =
      *v1::Config::descriptor()->FindFieldByNumber(v1::Config::kAccessLogFieldNumber);
  FieldComparer comparer;
  comparer.Lists(before, after, field, "");
  return comparer.Take();
}

}  // namespace

std::vector<Change> Compare(const v1::Config& before, const v1::Config& after) {
  ConfigComparer comparer;
  comparer.Part("process", DifferingFields(before.process(), after.process()));
  comparer.Things("identity_provider", before.identity_providers(), after.identity_providers());
  comparer.Things("listener", before.listeners(), after.listeners());
  comparer.Things("cluster", before.clusters(), after.clusters());
  comparer.Part("access_log", DifferingAccessLogs(before, after));
  return comparer.Take();
}

std::vector<std::string> DifferingFields(const pb::Message& before, const pb::Message& after) {
  FieldComparer comparer;
  comparer.Messages(before, after, "");
  return comparer.Take();
}

}  // namespace culvert::config
