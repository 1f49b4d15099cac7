#include "source/ctl/completion.h"

#include <fmt/format.h>

#include <vector>

namespace culvert::ctl {
namespace {

using exe::Option;

// Bash takes `=` and `:` for ends of words; `--output=js` comes in as three.
constexpr std::string_view kScript = R"(# Completion of {0} for bash. For this shell:
#   source <({0} completion bash)
_{0}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} option=${{COMP_WORDS[COMP_CWORD-1]}}
  local command= options= words= common="{4}--help" i
  if [[ $word == = ]]; then
    word=
  elif [[ $option == = ]]; then
    option=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${{COMP_WORDS[i]}} in
      {1}) ((++i)) ;;
      -*) ;;
      *)
        command=${{COMP_WORDS[i]}}
        break
        ;;
    esac
  done
  case $command:$option in
{2}  esac
  case $command in
{3}  esac
  if [[ $word == -* ]]; then words=$options; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _{0} {0}
)";

std::vector<std::string> Forms(const Option& option) {
  std::vector<std::string> forms = {fmt::format("--{}", option.name)};
  if (option.letter != '\0') forms.push_back(fmt::format("-{}", option.letter));
  return forms;
}

std::string AllForms(std::span<const Option> options) {
  std::string text;
  for (const Option& option : options) text += fmt::format("--{} ", option.name);
  return text;
}

// What completes the value of an option; nothing that could be guessed: no word at all.
std::string ValueCase(std::string_view command, const Option& option) {
  if (option.value_name.empty()) return {};
  std::string patterns;
  for (const std::string& form : Forms(option)) {
    patterns += fmt::format("{}{}:{}", patterns.empty() ? "" : " | ", command, form);
  }
  std::string generate = "COMPREPLY=()";
  if (option.value_name == "FILE" || option.value_name == "DIR") {
    generate = fmt::format("compopt -o filenames; COMPREPLY=($(compgen -{} -- \"$word\"))",
                           option.value_name == "FILE" ? 'f' : 'd');
  } else if (const auto choices = exe::ChoicesOf(option.value_name); !choices.empty()) {
    generate =
        fmt::format("COMPREPLY=($(compgen -W \"{}\" -- \"$word\"))", fmt::join(choices, " "));
  }
  return fmt::format("    {}) {}; return ;;\n", patterns, generate);
}

}  // namespace

std::string BashCompletion(std::string_view program, std::span<const exe::Command> commands,
                           std::span<const Option> common_options) {
  std::string with_value;
  std::string values;
  std::string cases;
  std::string names;
  for (const exe::Command& command : commands) {
    names += fmt::format("{}{}", names.empty() ? "" : " ", command.name);
    std::string words;
    for (const exe::Positional& positional : command.positionals) {
      words += fmt::format("{}", fmt::join(exe::ChoicesOf(positional.name), " "));
    }
    for (const Option& option : command.options) values += ValueCase(command.name, option);
    cases += fmt::format("    {}) options=\"{}$common\" words=\"{}\" ;;\n", command.name,
                         AllForms(command.options), words);
  }
  for (const Option& option : common_options) {
    values += ValueCase("*", option);
    if (option.value_name.empty()) continue;
    for (const std::string& form : Forms(option)) {
      with_value += fmt::format("{}{}", with_value.empty() ? "" : " | ", form);
    }
  }
  cases += fmt::format("    \"\") options=$common words=\"{} help\" ;;\n", names);
  return fmt::format(kScript, program, with_value, values, cases, AllForms(common_options));
}

}  // namespace culvert::ctl
