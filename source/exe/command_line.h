// Command lines of the form `program COMMAND --option VALUE -o VALUE WORD ...`, each command with
// its own options, words and help. (A library of global flags knows neither commands nor exit
// status 2 for wrong usage.) Values; the main thread's.
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
  std::string_view name;  // `config`, given as --config or --config=...
  char letter = '\0';     // `c`, given as -c
  // `FILE`; in lower case, `text|json`, one of these words; empty: an option without a value.
  std::string_view value_name;
  std::string_view help;
  bool required = false;
};

// A word that is no option's value: `rollback VERSION`.
struct Positional {
  std::string_view name;  // `VERSION`; in lower case, `bash|zsh`, one of these words
  std::string_view help;
  size_t least = 1;  // 0: it may be left out
  size_t most = 1;   // more than 1 only for the last
};

struct Command {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view example;  // a whole command line
  std::vector<Option> options = {};
  std::vector<Positional> positionals = {};
};

class Arguments {
 public:
  bool Has(std::string_view option) const { return values_.contains(option); }
  std::optional<std::string> Get(std::string_view option) const;
  // The value of an option that all commands have.
  std::optional<std::string> GetCommon(std::string_view option) const;
  // The positionals, in order; as many as the command wants.
  const std::vector<std::string>& words() const { return words_; }

 private:
  friend class Parser;
  using Values = std::map<std::string, std::string, std::less<>>;

  Values values_;
  Values common_values_;
  std::vector<std::string> words_;
};

// What a command line comes to: a command to run, or a text to print and the status to exit with.
struct ParsedCommand {
  const Command* command = nullptr;
  Arguments arguments;
  std::string text;
  int exit_status = 0;  // 0: help was asked for; 2: wrong usage
};

// `common_options` stand before the command or after it; after it, an option of the command itself
// that has the same name goes first. An option that is given twice has its last value, and `--`
// ends the options. Wrong usage is told in one line.
ParsedCommand ParseCommandLine(std::string_view program, std::span<const Command> commands,
                               std::span<const std::string_view> words,
                               std::span<const Option> common_options = {});

// The words that a name in lower case, `text|json`, allows; none if any word is allowed.
std::vector<std::string_view> ChoicesOf(std::string_view value_name);

}  // namespace culvert::exe

#endif  // CULVERT_SOURCE_EXE_COMMAND_LINE_H_
