// A whole run of culvertctl: reads the command line, carries the command out. The main thread's.
#ifndef CULVERT_SOURCE_CTL_RUN_H_
#define CULVERT_SOURCE_CTL_RUN_H_

#include <span>
#include <string_view>

#include "source/ctl/console.h"

namespace culvert::ctl {

// `words` are those behind the program's name. What the process exits with: 0 done, 1 the answer is
// no, 2 wrong usage.
int Run(std::span<const std::string_view> words, const Console& console);

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_RUN_H_
