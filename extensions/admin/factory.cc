#include "extensions/admin/factory.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/culvert/extensions/admin/v1/admin.pb.h"
#include "extensions/admin/filter.h"
#include "extensions/admin/rules.h"
#include "source/base/duration.h"

namespace culvert::extensions::admin {
namespace {

using Strings = google::protobuf::RepeatedPtrField<std::string>;
using Problem = std::optional<std::string> (*)(std::string_view);

std::vector<std::string> CheckedEntries(const Strings& entries, const std::string& field,
                                        Problem problem_of, filter::BuildContext& context) {
  for (int i = 0; i < entries.size(); ++i) {
    if (auto problem = problem_of(entries[i])) {
      context.AddError(fmt::format("{}[{}]", field, i), *std::move(problem));
    }
  }
  return {entries.begin(), entries.end()};
}

std::vector<Rule> CheckedRules(const google::protobuf::RepeatedPtrField<v1::Rule>& rules,
                               std::string_view field, filter::BuildContext& context) {
  std::vector<Rule> checked;
  for (int i = 0; i < rules.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", field, i);
    if (rules[i].names().empty() && rules[i].subjects().empty()) {
      context.AddError(path, "takes nobody; add 'names' or 'subjects'");
    }
    checked.push_back(
        {CheckedEntries(rules[i].names(), path + ".names", NameProblem, context),
         CheckedEntries(rules[i].subjects(), path + ".subjects", SubjectProblem, context)});
  }
  return checked;
}

class Factory final : public filter::StreamTerminalFactory<v1::Admin> {
 public:
  std::string_view name() const override { return kName; }

  std::shared_ptr<const filter::StreamTerminal> Create(
      const v1::Admin& proto, filter::BuildContext& context) const override {
    if (proto.read_write().empty() && proto.read_only().empty()) {
      context.AddError("",
                       "nobody may use it; add a rule to 'read_write' or 'read_only', such as "
                       "{names: [alice.example.com]}");
    }
    filter::TunnelOptions tunnel;
    tunnel.filter = kName;
    tunnel.idle_timeout =
        DurationOr(proto.has_idle_timeout(), proto.idle_timeout(), tunnel.idle_timeout);
    tunnel.stats = filter::MakeTunnelStats(context, kName);
    const auto refused = [&](const char* reason) {
      return &context.Counter("culvert_admin_refused_total",
                              "Connections that were not handed to the admin API, by why.",
                              {{"reason", reason}});
    };
    std::vector<Rule> read_write = CheckedRules(proto.read_write(), "read_write", context);
    std::vector<Rule> read_only = CheckedRules(proto.read_only(), "read_only", context);
    return std::make_shared<Admin>(Config{.rules = {std::move(read_write), std::move(read_only)},
                                          .gate = context.environment().admin_gate(),
                                          .tunnel = tunnel,
                                          .not_allowed = refused("admin_not_allowed"),
                                          .unavailable = refused("admin_unavailable")});
  }
};

}  // namespace

filter::FilterFactoryPtr MakeAdminFactory() { return std::make_unique<Factory>(); }

}  // namespace culvert::extensions::admin
