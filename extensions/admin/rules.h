// Who may do what with the admin API, by what a client's certificate says. Pure; built with the
// config and immutable; any thread.
#ifndef CULVERT_EXTENSIONS_ADMIN_RULES_H_
#define CULVERT_EXTENSIONS_ADMIN_RULES_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "source/filter/admin_gate.h"

namespace culvert::extensions::admin {

// Takes a certificate that has one of `names`, where there are any, and one of `subjects`, where
// there are any; none at all if it has neither.
struct Rule {
  // Subject alternative names: DNS names (`*.example.com` for exactly one label below) without
  // case, URIs and e-mail addresses to the letter.
  std::vector<std::string> names;
  std::vector<std::string> subjects;  // RFC 2253
};

// What is wrong with an entry of a rule, and what to write instead; nothing if it is fine.
std::optional<std::string> NameProblem(std::string_view name);
std::optional<std::string> SubjectProblem(std::string_view subject);

class Rules {
 public:
  Rules(std::vector<Rule> read_write, std::vector<Rule> read_only);

  // The role of who has a certificate with this subject and these alternative names: read-write if
  // a rule gives it, else read-only if one does, else nothing. The caller's name is what the rule
  // took: the subject, or the alternative name.
  std::optional<filter::AdminCaller> Find(std::string_view subject,
                                          std::span<const std::string> names) const;

 private:
  std::vector<Rule> read_write_;
  std::vector<Rule> read_only_;
};

}  // namespace culvert::extensions::admin

#endif  // CULVERT_EXTENSIONS_ADMIN_RULES_H_
