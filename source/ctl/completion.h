// Completion of command lines in a shell, from the same tables that command lines are read by.
// Pure; any thread.
#ifndef CULVERT_SOURCE_CTL_COMPLETION_H_
#define CULVERT_SOURCE_CTL_COMPLETION_H_

#include <span>
#include <string>
#include <string_view>

#include "source/exe/command_line.h"

namespace culvert::ctl {

// A script for bash: commands, options, words of a choice, and files where FILE or DIR is wanted.
std::string BashCompletion(std::string_view program, std::span<const exe::Command> commands,
                           std::span<const exe::Option> common_options);

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_COMPLETION_H_
