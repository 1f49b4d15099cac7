// Runs commands of culvertctl in the test's process against a server that gives canned answers.
#ifndef CULVERT_TEST_CTL_CTL_FIXTURE_H_
#define CULVERT_TEST_CTL_CTL_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "source/ctl/run.h"
#include "test/ctl/fake_console.h"
#include "test/ctl/fake_server.h"
#include "test/ctl/temporary_directory.h"

namespace culvert::ctl {

class CtlFixture : public testing::Test {
 protected:
  // The exit status; what was printed is in out() and err() until the next run.
  int Ctl(const std::vector<std::string_view>& words) {
    fake_.variables["CULVERT_ADMIN_ADDRESS"] = directory_.Path("admin.sock");
    const int status = ctl::Run(words, fake_.console());
    out_ = fake_.TakeOut();
    err_ = fake_.TakeErr();
    return status;
  }

  // A terminal of this size at both outputs.
  void UseTerminal(size_t columns, size_t rows, bool color = false) {
    fake_.out_terminal = Terminal{.columns = columns, .rows = rows, .color = color};
    fake_.err_terminal = fake_.out_terminal;
  }

  Answers& answers() { return server_.answers(); }
  const Requests& requests() const { return server_.requests(); }
  FakeConsole& fake() { return fake_; }
  const TemporaryDirectory& directory() const { return directory_; }
  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

 private:
  TemporaryDirectory directory_;
  FakeServer server_{directory_.Path("admin.sock")};
  FakeConsole fake_;
  std::string out_;
  std::string err_;
};

// The lines of a text, without their ends.
inline std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace culvert::ctl

#endif  // CULVERT_TEST_CTL_CTL_FIXTURE_H_
