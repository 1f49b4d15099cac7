// The `culvertctl` program: changes and looks at a running `culvert` through its admin API.
#include <string_view>
#include <vector>

#include "extensions/registry.h"
#include "source/ctl/run.h"

int main(int argc, char** argv) {
  // Configs as JSON need the messages of every filter to be in the program.
  const culvert::filter::Registry filters = culvert::extensions::MakeRegistry();
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  return culvert::ctl::Run(words, culvert::ctl::SystemConsole());
}
