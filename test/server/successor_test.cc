#include "source/server/successor.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "source/base/status.h"
#include "test/net/test_util.h"

namespace culvert::server {
namespace {

class SuccessorTest : public net::LoopFixture {
 protected:
  SuccessorTest() {
    std::string name = "/tmp/culvert_test_XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~SuccessorTest() override { std::filesystem::remove_all(folder_); }

  // How a shell that runs `script` with these arguments ends.
  std::string RunShell(const std::string& script, std::vector<std::string> more = {}) {
    ProgramStart program{"/bin/sh", {"sh", "-c", script}};
    program.arguments.insert(program.arguments.end(), more.begin(), more.end());
    std::optional<std::string> end;
    const auto pid = StartSuccessor(program, "--take-over", scope_,
                                    [&](std::string how) { end = std::move(how); });
    EXPECT_TRUE(pid.ok()) << Message(pid.status());
    RunUntil([&] { return end.has_value(); });
    return end.value_or("");
  }

  std::string folder_;
};

TEST_F(SuccessorTest, TellsHowItEnded) {
  EXPECT_EQ(RunShell("exit 0"), "exited with status 0");
  EXPECT_EQ(RunShell("exit 3"), "exited with status 3");
  EXPECT_EQ(RunShell("kill -9 $$"), "was killed by signal 9 (Killed)");
}

TEST_F(SuccessorTest, GetsTheArgumentsAndTheOptionOnce) {
  const std::string script = "echo \"$0 $*\" > " + folder_ + "/arguments";
  const auto arguments = [&] {
    std::ifstream file(folder_ + "/arguments");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  RunShell(script, {"run", "-c", "proxy.yaml"});
  EXPECT_EQ(arguments(), "run -c proxy.yaml --take-over\n");
  RunShell(script, {"run", "--take-over", "-c", "proxy.yaml"});
  EXPECT_EQ(arguments(), "run --take-over -c proxy.yaml\n");
}

TEST_F(SuccessorTest, HasNoSignalBlockedAndNoSocketsOfTheServiceManager) {
  setenv("LISTEN_FDS", "2", 1);
  setenv("CULVERT_TEST", "stays", 1);
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const std::string end = RunShell(
      "test -z \"$LISTEN_FDS\" && test \"$CULVERT_TEST\" = stays && kill -TERM $$ && sleep 60");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  unsetenv("LISTEN_FDS");
  unsetenv("CULVERT_TEST");
  EXPECT_EQ(end, "was killed by signal 15 (Terminated)");
}

TEST_F(SuccessorTest, AProgramThatIsNotThereIsAnError) {
  const auto pid = StartSuccessor({folder_ + "/gone", {"gone"}}, "--take-over", scope_,
                                  [](std::string) { ADD_FAILURE(); });
  ASSERT_FALSE(pid.ok());
  EXPECT_NE(Message(pid.status()).find("No such file"), std::string::npos);
}

TEST_F(SuccessorTest, ACancelledScopeIsNotTold) {
  const auto pid =
      StartSuccessor({"/bin/sleep", {"sleep"}}, "60", scope_, [](std::string) { ADD_FAILURE(); });
  ASSERT_TRUE(pid.ok());
  scope_.Cancel(net::CancelReason::kShutdown);
  loop_.RunOnce(Clock::now());
  EXPECT_EQ(kill(*pid, SIGKILL), 0);
  EXPECT_EQ(waitpid(*pid, nullptr, 0), *pid);
}

TEST_F(SuccessorTest, ALinkIsNotResolvedSoThatItMayBeReplaced) {
  const std::string link = folder_ + "/culvert";
  std::filesystem::create_symlink("/bin/true", link);
  const char* arguments[] = {link.c_str(), "run"};
  const ProgramStart program = RememberStart(arguments);
  EXPECT_EQ(program.path, link);
  EXPECT_EQ(program.arguments, (std::vector<std::string>{link, "run"}));
}

TEST_F(SuccessorTest, ARelativeNameBecomesAbsolute) {
  const char* arguments[] = {"bin/culvert"};
  EXPECT_EQ(RememberStart(arguments).path,
            (std::filesystem::current_path() / "bin/culvert").string());
}

TEST_F(SuccessorTest, ANameAloneIsFoundInThePath) {
  const std::string before = getenv("PATH");
  std::filesystem::create_symlink("/bin/true", folder_ + "/culvert");
  setenv("PATH", ("/nowhere::" + folder_ + ":/bin").c_str(), 1);
  const char* arguments[] = {"culvert"};
  EXPECT_EQ(RememberStart(arguments).path, folder_ + "/culvert");
  const char* unknown[] = {"culvert-that-is-nowhere"};
  EXPECT_EQ(RememberStart(unknown).path, std::filesystem::read_symlink("/proc/self/exe"));
  setenv("PATH", before.c_str(), 1);
}

}  // namespace
}  // namespace culvert::server
