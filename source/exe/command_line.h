// Command lines of the form `program COMMAND --option VALUE -o VALUE ...`, each command with its
// own options and its own help. (A library of global flags knows neither commands nor exit status 2
// for wrong usage.)
#ifndef CULVERT_SOURCE_EXE_COMMAND_LINE_H_
#define CULVERT_SOURCE_EXE_COMMAND_LINE_H_

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::exe {

struct Option {
  std::string_view name;        // `config`, given as --config or --config=...
  char letter = '\0';           // `c`, given as -c
  std::string_view value_name;  // `FILE`; empty: an option without a value
  std::string_view help;
  bool required = false;
};

struct Command {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view example;  // a whole command line
  std::vector<Option> options;
};

class Arguments {
 public:
  bool Has(std::string_view option) const { return values_.contains(option); }
  std::optional<std::string> Get(std::string_view option) const;

 private:
  friend struct Parser;
  std::map<std::string, std::string, std::less<>> values_;
};

// What a command line comes to: a command to run, or a text to print and the status to exit with.
struct ParsedCommand {
  const Command* command = nullptr;
  Arguments arguments;
  std::string text;
  int exit_status = 0;  // 0: help was asked for; 2: wrong usage
};

ParsedCommand ParseCommandLine(std::string_view program, std::span<const Command> commands,
                               std::span<const std::string_view> words);

}  // namespace culvert::exe

#endif  // CULVERT_SOURCE_EXE_COMMAND_LINE_H_
