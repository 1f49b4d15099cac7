// A console whose output is kept, and whose terminals are as the test wants them.
#ifndef CULVERT_TEST_CTL_FAKE_CONSOLE_H_
#define CULVERT_TEST_CTL_FAKE_CONSOLE_H_

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "source/ctl/console.h"

namespace culvert::ctl {

class FakeConsole {
 public:
  FakeConsole() {
    console_.out = open_memstream(&out_text_, &out_size_);
    console_.err = open_memstream(&err_text_, &err_size_);
    console_.terminal = [this](std::FILE* stream) {
      if (on_look) on_look();
      return stream == console_.out ? out_terminal : err_terminal;
    };
    console_.environment = [this](const char* name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
  }
  ~FakeConsole() {
    if (console_.in != nullptr) std::fclose(console_.in);
    std::fclose(console_.out);
    std::fclose(console_.err);
    std::free(out_text_);
    std::free(err_text_);
  }
  FakeConsole(const FakeConsole&) = delete;
  FakeConsole& operator=(const FakeConsole&) = delete;

  void SetInput(std::string text) {
    input_ = std::move(text);
    console_.in = fmemopen(input_.data(), input_.size(), "r");
  }

  const Console& console() const { return console_; }

  // All that was written since the last look.
  std::string TakeOut() { return Take(console_.out, out_text_, out_size_, &out_taken_); }
  std::string TakeErr() { return Take(console_.err, err_text_, err_size_, &err_taken_); }

  std::optional<Terminal> out_terminal;
  std::optional<Terminal> err_terminal;
  std::map<std::string, std::string> variables;
  // Called whenever a terminal is asked for.
  std::function<void()> on_look;

 private:
  static std::string Take(std::FILE* stream, char* const& text, const size_t& size, size_t* taken) {
    std::fflush(stream);
    std::string fresh(text + *taken, size - *taken);
    *taken = size;
    return fresh;
  }

  Console console_;
  std::string input_;
  char* out_text_ = nullptr;
  char* err_text_ = nullptr;
  size_t out_size_ = 0;
  size_t err_size_ = 0;
  size_t out_taken_ = 0;
  size_t err_taken_ = 0;
};

}  // namespace culvert::ctl

#endif  // CULVERT_TEST_CTL_FAKE_CONSOLE_H_
