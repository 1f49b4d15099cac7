#include "source/exe/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace culvert::exe {
namespace {

// `text, json or yaml`
std::string ListOf(std::span<const std::string_view> choices) {
  std::string text;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += choices[i];
  }
  return text;
}

bool IsAllowed(std::string_view value_name, std::string_view value) {
  const auto choices = ChoicesOf(value_name);
  return choices.empty() || std::ranges::find(choices, value) != choices.end();
}

// A form that is too long for its column has its help below.
std::string HelpLine(std::string_view form, std::string_view help) {
  constexpr size_t kWidth = 24;
  if (form.size() <= kWidth) return fmt::format("  {:<{}} {}\n", form, kWidth, help);
  return fmt::format("  {}\n  {:<{}} {}\n", form, "", kWidth, help);
}

// `VERSION`, `[VERSION]`, `ID...`, `[LEVEL...]`
std::string UsageOf(const Positional& positional) {
  std::string text(positional.name);
  if (positional.most > 1) text += "...";
  return positional.least == 0 ? fmt::format("[{}]", text) : text;
}

}  // namespace

std::vector<std::string_view> ChoicesOf(std::string_view value_name) {
  std::vector<std::string_view> choices;
  if (value_name.empty() || value_name.front() < 'a' || value_name.front() > 'z') return choices;
  while (true) {
    const size_t bar = value_name.find('|');
    choices.push_back(value_name.substr(0, bar));
    if (bar == std::string_view::npos) return choices;
    value_name.remove_prefix(bar + 1);
  }
}

std::optional<std::string> Arguments::Get(std::string_view option) const {
  const auto found = values_.find(option);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Arguments::GetCommon(std::string_view option) const {
  const auto found = common_values_.find(option);
  if (found == common_values_.end()) return std::nullopt;
  return found->second;
}

// Reads the words of one command line.
class Parser {
 public:
  Parser(std::string_view program, std::span<const Command> commands,
         std::span<const Option> common_options)
      : program_(program), commands_(commands), common_options_(common_options) {}

  ParsedCommand Parse(std::span<const std::string_view> words);

 private:
  // An option as it stands in the command line, and where its value goes.
  struct Match {
    const Option* option = nullptr;
    Arguments::Values* values = nullptr;
  };

  std::string Help() const;
  std::string OptionHelp(std::span<const Option> options) const;
  std::string CommandHelp() const;
  std::string subject() const {
    return command_ == nullptr ? std::string(program_)
                               : fmt::format("{} {}", program_, command_->name);
  }

  bool Fail(std::string_view message);
  bool Print(std::string text);
  // These are false when the command line says no more: it is wrong, or asks for help.
  bool TakeWord(std::string_view word);
  bool TakeOption(std::string_view word, std::span<const std::string_view>& rest);
  bool CheckComplete();
  Match Find(std::string_view word);

  const std::string_view program_;
  const std::span<const Command> commands_;
  const std::span<const Option> common_options_;
  const Command* command_ = nullptr;
  Arguments arguments_;
  ParsedCommand answer_;
};

bool Parser::Fail(std::string_view message) {
  answer_.exit_status = 2;
  answer_.text = fmt::format("{}: {}; see {} --help\n", subject(), message, subject());
  return false;
}

bool Parser::Print(std::string text) {
  answer_.text = std::move(text);
  return false;
}

std::string Parser::OptionHelp(std::span<const Option> options) const {
  std::string text;
  for (const Option& option : options) {
    std::string form = option.letter != '\0' ? fmt::format("-{}, --{}", option.letter, option.name)
                                             : fmt::format("    --{}", option.name);
    if (!option.value_name.empty()) form += fmt::format(" {}", option.value_name);
    text += HelpLine(form, fmt::format("{}{}", option.help, option.required ? " (required)" : ""));
  }
  return text;
}

std::string Parser::CommandHelp() const {
  std::string text = fmt::format("{}: {}\n\n", subject(), command_->summary);
  if (!command_->positionals.empty()) {
    text += fmt::format("Usage: {}", subject());
    for (const Positional& positional : command_->positionals) text += " " + UsageOf(positional);
    text += " [OPTIONS]\n\n";
    for (const Positional& positional : command_->positionals) {
      text += HelpLine(UsageOf(positional), positional.help);
    }
    text += "\n";
  }
  text += fmt::format("Options:\n{}", OptionHelp(command_->options));
  text += HelpLine("-h, --help", "this text");
  if (!common_options_.empty()) {
    text += fmt::format("\nOptions of every command:\n{}", OptionHelp(common_options_));
  }
  return text + fmt::format("\nExample:\n  {}\n", command_->example);
}

std::string Parser::Help() const {
  size_t width = 10;
  for (const Command& command : commands_) width = std::max(width, command.name.size() + 1);
  std::string text = fmt::format("Usage: {} COMMAND [OPTIONS]\n\nCommands:\n", program_);
  for (const Command& command : commands_) {
    text += fmt::format("  {:<{}} {}\n", command.name, width, command.summary);
  }
  if (!common_options_.empty()) {
    text += fmt::format("\nOptions of every command:\n{}", OptionHelp(common_options_));
  }
  return text + fmt::format("\n{} COMMAND --help tells more of one.\n\nExample:\n  {}\n", program_,
                            commands_.front().example);
}

Parser::Match Parser::Find(std::string_view word) {
  const auto find = [word](std::span<const Option> options) -> const Option* {
    for (const Option& option : options) {
      if (word.starts_with("--")
              ? word.substr(2) == option.name
              : word.size() == 2 && option.letter != '\0' && word[1] == option.letter) {
        return &option;
      }
    }
    return nullptr;
  };
  if (command_ != nullptr) {
    if (const Option* option = find(command_->options)) return {option, &arguments_.values_};
  }
  return {find(common_options_), &arguments_.common_values_};
}

bool Parser::TakeWord(std::string_view word) {
  if (command_ == nullptr) {
    if (word == "help") return Print(Help());
    for (const Command& command : commands_) {
      if (command.name == word) command_ = &command;
    }
    return command_ != nullptr || Fail(fmt::format("unknown command '{}'", word));
  }
  if (command_->positionals.empty()) return Fail(fmt::format("'{}' is not an option", word));
  size_t room = arguments_.words_.size();
  for (const Positional& positional : command_->positionals) {
    if (room >= positional.most) {
      room -= positional.most;
      continue;
    }
    if (!IsAllowed(positional.name, word)) {
      return Fail(fmt::format("'{}' is not {}", word, ListOf(ChoicesOf(positional.name))));
    }
    arguments_.words_.emplace_back(word);
    return true;
  }
  return Fail(fmt::format("'{}' is one word too many", word));
}

bool Parser::TakeOption(std::string_view word, std::span<const std::string_view>& rest) {
  if (word == "--help" || word == "-h") return Print(command_ == nullptr ? Help() : CommandHelp());
  std::optional<std::string_view> value;
  if (const size_t equals = word.find('=');
      word.starts_with("--") && equals != std::string_view::npos) {
    value = word.substr(equals + 1);
    word = word.substr(0, equals);
  }
  const auto [option, values] = Find(word);
  if (option == nullptr) return Fail(fmt::format("unknown option '{}'", word));
  if (option->value_name.empty()) {
    if (value) return Fail(fmt::format("--{} takes no value", option->name));
    value = "";
  } else if (!value) {
    if (rest.empty()) {
      return Fail(fmt::format("--{} wants a value: {}", option->name, option->value_name));
    }
    value = rest.front();
    rest = rest.subspan(1);
  }
  if (!IsAllowed(option->value_name, *value)) {
    return Fail(fmt::format("--{} is {}, not '{}'", option->name,
                            ListOf(ChoicesOf(option->value_name)), *value));
  }
  values->insert_or_assign(std::string(option->name), *value);
  return true;
}

bool Parser::CheckComplete() {
  if (command_ == nullptr) return Fail("a command is missing");
  for (const Option& option : command_->options) {
    if (option.required && !arguments_.Has(option.name)) {
      return Fail(fmt::format("--{} {} is missing", option.name, option.value_name));
    }
  }
  size_t least = 0;
  for (const Positional& positional : command_->positionals) {
    least += positional.least;
    if (arguments_.words_.size() < least)
      return Fail(fmt::format("{} is missing", positional.name));
  }
  return true;
}

ParsedCommand Parser::Parse(std::span<const std::string_view> words) {
  bool options_ended = false;
  while (!words.empty()) {
    const std::string_view word = words.front();
    words = words.subspan(1);
    if (word == "--" && !options_ended) {
      options_ended = true;
      continue;
    }
    // `-` alone is a word: the standard input.
    const bool is_option = !options_ended && word.starts_with('-') && word.size() > 1;
    if (!(is_option ? TakeOption(word, words) : TakeWord(word))) return std::move(answer_);
  }
  if (!CheckComplete()) return std::move(answer_);
  answer_.command = command_;
  answer_.arguments = std::move(arguments_);
  return std::move(answer_);
}

ParsedCommand ParseCommandLine(std::string_view program, std::span<const Command> commands,
                               std::span<const std::string_view> words,
                               std::span<const Option> common_options) {
  return Parser(program, commands, common_options).Parse(words);
}

}  // namespace culvert::exe
