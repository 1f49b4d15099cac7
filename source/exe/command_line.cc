#include "source/exe/command_line.h"

#include <fmt/format.h>

#include <algorithm>

namespace culvert::exe {
namespace {

std::string OptionText(const Option& option) {
  std::string text = option.letter != '\0' ? fmt::format("-{}, --{}", option.letter, option.name)
                                           : fmt::format("    --{}", option.name);
  if (!option.value_name.empty()) text += fmt::format(" {}", option.value_name);
  return text;
}

std::string Help(std::string_view program, const Command& command) {
  std::string text = fmt::format("{} {}: {}\n\nOptions:\n", program, command.name, command.summary);
  for (const Option& option : command.options) {
    text += fmt::format("  {:<24} {}{}\n", OptionText(option), option.help,
                        option.required ? " (required)" : "");
  }
  text += fmt::format("  {:<24} {}\n", "-h, --help", "this text");
  return text + fmt::format("\nExample:\n  {}\n", command.example);
}

std::string Help(std::string_view program, std::span<const Command> commands) {
  std::string text = fmt::format("Usage: {} COMMAND [OPTIONS]\n\nCommands:\n", program);
  for (const Command& command : commands)
    text += fmt::format("  {:<10} {}\n", command.name, command.summary);
  return text + fmt::format("\n{} COMMAND --help tells more of one.\n\nExample:\n  {}\n", program,
                            commands.front().example);
}

ParsedCommand Wrong(std::string message, std::string_view program, std::string_view command = {}) {
  ParsedCommand result;
  result.exit_status = 2;
  const std::string subject =
      command.empty() ? std::string(program) : fmt::format("{} {}", program, command);
  result.text = fmt::format("{}: {}; see {} --help\n", subject, message, subject);
  return result;
}

ParsedCommand Print(std::string text) {
  ParsedCommand result;
  result.text = std::move(text);
  return result;
}

}  // namespace

std::optional<std::string> Arguments::Get(std::string_view option) const {
  const auto found = values_.find(option);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

// Reads the words behind the command.
struct Parser {
  std::string_view program;
  const Command& command;

  const Option* Find(std::string_view word) const {
    for (const Option& option : command.options) {
      if (word.starts_with("--")
              ? word.substr(2) == option.name
              : word.size() == 2 && option.letter != '\0' && word[1] == option.letter) {
        return &option;
      }
    }
    return nullptr;
  }

  ParsedCommand Parse(std::span<const std::string_view> words) const {
    ParsedCommand result;
    for (size_t i = 0; i < words.size(); ++i) {
      std::string_view word = words[i];
      if (word == "--help" || word == "-h") return Print(Help(program, command));
      if (!word.starts_with('-'))
        return Wrong(fmt::format("'{}' is not an option", word), program, command.name);
      std::optional<std::string_view> value;
      if (const size_t equals = word.find('=');
          word.starts_with("--") && equals != std::string_view::npos) {
        value = word.substr(equals + 1);
        word = word.substr(0, equals);
      }
      const Option* option = Find(word);
      if (option == nullptr)
        return Wrong(fmt::format("unknown option '{}'", word), program, command.name);
      if (option->value_name.empty()) {
        if (value)
          return Wrong(fmt::format("--{} takes no value", option->name), program, command.name);
        value = "";
      } else if (!value) {
        if (++i == words.size()) {
          return Wrong(fmt::format("--{} wants a value: {}", option->name, option->value_name),
                       program, command.name);
        }
        value = words[i];
      }
      result.arguments.values_[std::string(option->name)] = *value;
    }
    for (const Option& option : command.options) {
      if (option.required && !result.arguments.Has(option.name)) {
        return Wrong(fmt::format("--{} {} is missing", option.name, option.value_name), program,
                     command.name);
      }
    }
    result.command = &command;
    return result;
  }
};

ParsedCommand ParseCommandLine(std::string_view program, std::span<const Command> commands,
                               std::span<const std::string_view> words) {
  if (words.empty()) return Wrong("a command is missing", program);
  if (words.front() == "--help" || words.front() == "-h" || words.front() == "help") {
    return Print(Help(program, commands));
  }
  for (const Command& command : commands) {
    if (command.name == words.front()) return Parser{program, command}.Parse(words.subspan(1));
  }
  return Wrong(fmt::format("unknown command '{}'", words.front()), program);
}

}  // namespace culvert::exe
