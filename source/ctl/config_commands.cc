#include <fmt/format.h>

#include <string>
#include <utility>

#include "source/base/status.h"
#include "source/ctl/commands.h"
#include "source/ctl/config_file.h"
#include "source/ctl/config_text.h"
#include "source/ctl/text.h"

namespace culvert::ctl {
namespace {

constexpr exe::Option kFileOption = {"file", 'f', "FILE", "the config; - is the standard input",
                                     true};
constexpr exe::Option kFormatOption = {"format", '\0', "yaml|json|textproto|pb",
                                       "its notation; else by its suffix"};
constexpr exe::Option kBaseOption = {"base-directory", '\0', "DIR",
                                     "where relative names in it start (its folder)"};
constexpr exe::Option kLabelOption = {"label", '\0', "TEXT", "for people: why, or which ticket"};
constexpr exe::Option kExpectedOption = {"expected-version", '\0', "N",
                                         "only if this version is running"};

// Nothing after having said what is wrong.
std::optional<v1::ConfigSource> ReadSource(const Invocation& invocation) {
  auto source = ReadConfigFile({.name = invocation.Text("file"),
                                .format = invocation.arguments.Get("format"),
                                .base_directory = invocation.arguments.Get("base-directory")},
                               invocation.console.in);
  if (source.ok()) return *std::move(source);
  invocation.console.Warn(Message(source.status()));
  return std::nullopt;
}

// Of an option or word that names a version. Nothing if it is no number from 1.
std::optional<uint64_t> ParseVersion(std::string_view text) {
  const auto number = ParseNumber(text);
  return number == 0 ? std::nullopt : number;
}

std::string NotAVersion(std::string_view what, std::string_view text) {
  return fmt::format("{} is the number of a version, not '{}'", what, text);
}

// 0 where the option is not given. False after having said that it is wrong.
bool ReadExpectedVersion(const Invocation& invocation, uint64_t* expected) {
  const auto text = invocation.arguments.Get(kExpectedOption.name);
  if (!text) return true;
  const auto number = ParseVersion(*text);
  if (!number) invocation.WrongUsage(NotAVersion("--expected-version", *text));
  *expected = number.value_or(0);
  return number.has_value();
}

void PrintWarnings(const Invocation& invocation,
                   const google::protobuf::RepeatedPtrField<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    invocation.console.Warn(fmt::format("warning: {}", warning));
  }
}

int PrintApplied(const Invocation& invocation, const v1::ApplyResponse& response, bool dry_run) {
  PrintWarnings(invocation, response.warnings());
  if (invocation.json) return invocation.PrintJson(response);
  const uint64_t number = response.version().number();
  const Console& console = invocation.console;
  if (response.changes().empty()) {
    console.Print(fmt::format("version {} runs this config already: nothing {}\n", number,
                              dry_run ? "would change" : "changed"));
    return kDone;
  }
  console.Print(dry_run ? fmt::format("version {} stays; this would change:\n", number)
                        : fmt::format("version {} runs now; this changed:\n", number));
  console.PrintLines(ChangeLines(response.changes(), console.TableOptions().color));
  return kDone;
}

int Apply(const Invocation& invocation) {
  uint64_t expected = 0;
  if (!ReadExpectedVersion(invocation, &expected)) return kWrongUsage;
  auto source = ReadSource(invocation);
  if (!source) return kNo;
  v1::ApplyRequest request;
  request.set_expected_version(expected);
  *request.mutable_source() = *std::move(source);
  request.set_label(invocation.Text("label"));
  request.set_dry_run(invocation.arguments.Has("dry-run"));
  v1::ApplyResponse response;
  const Outcome outcome =
      invocation.Call(fmt::format("applying {}", invocation.Text("file")), request, &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  return PrintApplied(invocation, response, request.dry_run());
}

int Validate(const Invocation& invocation) {
  auto source = ReadSource(invocation);
  if (!source) return kNo;
  v1::ValidateRequest request;
  *request.mutable_source() = *std::move(source);
  v1::ValidateResponse response;
  const Outcome outcome =
      invocation.Call(fmt::format("checking {}", invocation.Text("file")), request, &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  PrintWarnings(invocation, response.warnings());
  if (invocation.json) return invocation.PrintJson(response);
  invocation.console.Print(fmt::format("{}: ok: {}, {}\n", invocation.Text("file"),
                                       Count(response.listeners(), "listener"),
                                       Count(response.clusters(), "cluster")));
  return kDone;
}

int Diff(const Invocation& invocation) {
  const auto& words = invocation.arguments.words();
  const bool has_file = invocation.arguments.Has("file");
  if (words.size() != 2 && !has_file) {
    return invocation.WrongUsage("wants -f FILE or two versions");
  }
  if (words.size() == 2 && has_file) {
    return invocation.WrongUsage("wants at most one version beside -f FILE");
  }
  v1::DiffRequest request;
  for (size_t i = 0; i < words.size(); ++i) {
    const auto number = ParseVersion(words[i]);
    if (!number) return invocation.WrongUsage(NotAVersion(i == 0 ? "FROM" : "TO", words[i]));
    i == 0 ? request.set_from_version(*number) : request.set_to_version(*number);
  }
  if (has_file) {
    auto source = ReadSource(invocation);
    if (!source) return kNo;
    *request.mutable_source() = *std::move(source);
  }
  v1::DiffResponse response;
  const Outcome outcome = invocation.Call("comparing", request, &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) {
    if (invocation.PrintJson(response) != kDone) return kNo;
  } else if (response.changes().empty()) {
    invocation.console.Print("nothing differs\n");
  } else {
    const auto terminal = invocation.console.terminal(invocation.console.out);
    invocation.console.PrintLines(ChangeLines(response.changes(), terminal && terminal->color));
    invocation.console.Print(DiffText(response.unified(), terminal));
  }
  return invocation.arguments.Has("exit-code") && !response.changes().empty() ? kNo : kDone;
}

int Rollback(const Invocation& invocation) {
  const std::string& text = invocation.arguments.words().front();
  const auto number = ParseVersion(text);
  if (!number) return invocation.WrongUsage(NotAVersion("VERSION", text));
  uint64_t expected = 0;
  if (!ReadExpectedVersion(invocation, &expected)) return kWrongUsage;
  v1::RollbackRequest request;
  request.set_version(*number);
  request.set_expected_version(expected);
  request.set_label(invocation.Text("label"));
  v1::ApplyResponse response;
  const Outcome outcome =
      invocation.Call(fmt::format("rolling back to version {}", *number), request, &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  return PrintApplied(invocation, response, false);
}

}  // namespace

std::vector<Entry> ConfigCommands() {
  exe::Option optional_file = kFileOption;
  optional_file.required = false;
  return {
      {{"apply",
        "makes a config the running one: all of it, or nothing",
        "culvertctl apply -f proxy.yaml --label CHG-1234",
        {kFileOption,
         kFormatOption,
         kBaseOption,
         kLabelOption,
         kExpectedOption,
         {"dry-run", '\0', "", "does everything but the change"}}},
       Apply},
      {{"validate",
        "does all that apply does short of changing anything",
        "culvertctl validate -f proxy.yaml",
        {kFileOption, kFormatOption, kBaseOption}},
       Validate},
      {{"diff",
        "shows what a config would change, or two versions differ in",
        "culvertctl diff -f proxy.yaml",
        {optional_file,
         kFormatOption,
         kBaseOption,
         {"exit-code", '\0', "", "exits with status 1 if anything differs"}},
        {{"FROM", "a version (the running one, with -f)", 0, 1},
         {"TO", "another version, without -f", 0, 1}}},
       Diff},
      {{"rollback",
        "makes a version that is kept the running config again",
        "culvertctl rollback 12",
        {kLabelOption, kExpectedOption},
        {{"VERSION", "its number in the history"}}},
       Rollback},
  };
}

}  // namespace culvert::ctl
