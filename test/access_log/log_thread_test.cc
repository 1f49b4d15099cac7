#include "source/access_log/log_thread.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "source/access_log/logger.h"
#include "source/base/status.h"
#include "test/access_log/temporary_directory.h"

namespace culvert::access_log {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr milliseconds kLong{20'000};
constexpr size_t kBuffer = 1 << 20;

class LogThreadTest : public testing::Test {
 protected:
  LogThreadTest() { Start({}); }

  void Start(LogThreadOptions options) {
    auto log = LogThread::Start(
        registry_,
        [this](std::string_view message) {
          const std::lock_guard lock(mutex_);
          reports_.emplace_back(message);
        },
        options);
    EXPECT_TRUE(log.ok());
    log_ = std::move(*log);
  }

  std::shared_ptr<FileWriter> Open(const std::string& filename, size_t buffer_size = kBuffer) {
    auto writer = log_->Open(filename, buffer_size);
    EXPECT_TRUE(writer.ok()) << Message(writer.status());
    return *writer;
  }

  uint64_t Written(const std::string& file) {
    return registry_
        .GetCounter("culvert_access_log_lines_written_total", {{"file", file}},
                    "Access-log lines written.")
        .Value();
  }
  uint64_t Dropped(const std::string& file, const std::string& reason) {
    return registry_
        .GetCounter("culvert_access_log_lines_dropped_total", {{"file", file}, {"reason", reason}},
                    "Access-log lines lost.")
        .Value();
  }
  std::vector<std::string> Reports() {
    const std::lock_guard lock(mutex_);
    return reports_;
  }

  template <typename Condition>
  static bool WaitUntil(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + kLong;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::yield();
    }
    return true;
  }

  // A FIFO whose reader never reads: its writer gets stuck.
  std::string StuckFifo() {
    const std::string name = directory_.File("fifo");
    EXPECT_EQ(mkfifo(name.c_str(), 0600), 0);
    reader_ = open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return name;
  }
  std::string ReadFifo() {
    std::string content;
    char buffer[4096];
    for (ssize_t n; (n = read(reader_, buffer, sizeof(buffer))) > 0;) content.append(buffer, n);
    return content;
  }

  ~LogThreadTest() override {
    if (reader_ >= 0) close(reader_);
  }

  const TemporaryDirectory directory_;
  stats::Registry registry_{1};
  std::mutex mutex_;
  std::vector<std::string> reports_;
  int reader_ = -1;
  std::unique_ptr<LogThread> log_;
};

TEST_F(LogThreadTest, WritesLinesInTheirOrder) {
  const std::string name = directory_.File("a.log");
  const auto writer = Open(name);
  EXPECT_TRUE(writer->Append("one\n"));
  EXPECT_TRUE(writer->Append("two\n"));
  ASSERT_TRUE(log_->Flush(kLong));
  EXPECT_EQ(ReadFile(name), "one\ntwo\n");
  EXPECT_EQ(Written(name), 2);
}

TEST_F(LogThreadTest, WritesWithoutBeingAsked) {
  const std::string name = directory_.File("a.log");
  const auto writer = Open(name);
  writer->Append("one\n");
  ASSERT_TRUE(WaitUntil([&] { return Written(name) == 1; }));
  EXPECT_EQ(ReadFile(name), "one\n");
}

TEST_F(LogThreadTest, AHalfFullBufferIsWrittenAtOnce) {
  Start({.flush_interval = std::chrono::hours(1)});
  const std::string name = directory_.File("a.log");
  const auto writer = Open(name, 100);
  writer->Append(std::string(20, 'x') + "\n");
  writer->Append(std::string(30, 'x') + "\n");
  EXPECT_TRUE(WaitUntil([&] { return Written(name) == 2; }));
}

TEST_F(LogThreadTest, LoggersFormatAndHandOver) {
  const std::string json = directory_.File("a.json");
  const std::string text = directory_.File("a.log");
  Record record;
  record.listener = "https_proxy";
  AccessLogger(Format::kJson, Open(json)).Log(record);
  AccessLogger(Format::kText, Open(text)).Log(record);
  ASSERT_TRUE(log_->Flush(kLong));
  EXPECT_THAT(ReadFile(json), HasSubstr("\"listener\":\"https_proxy\""));
  EXPECT_THAT(ReadFile(text), HasSubstr("Z https_proxy - "));
}

TEST_F(LogThreadTest, OneFileIsSharedByAllWhoNameIt) {
  const std::string name = directory_.File("a.log");
  const auto first = Open(name);
  EXPECT_EQ(Open(name), first);
  EXPECT_NE(Open(directory_.File("b.log")), first);
}

TEST_F(LogThreadTest, TheLargestBufferAskedForHolds) {
  const std::string name = StuckFifo();
  const auto small = Open(name, 10);
  EXPECT_FALSE(small->Append("longer than ten\n"));
  const auto large = Open(name, 100);
  EXPECT_TRUE(small->Append("longer than ten\n"));
}

TEST_F(LogThreadTest, AFileThatCannotBeOpenedIsAnError) {
  const auto writer = log_->Open("/nonexistent/a.log", kBuffer);
  ASSERT_FALSE(writer.ok());
  EXPECT_THAT(std::string(Message(writer.status())), HasSubstr("/nonexistent/a.log"));
}

TEST_F(LogThreadTest, ConcurrentAppendsKeepLinesWhole) {
  constexpr int kThreads = 4;
  constexpr int kLines = 5000;
  const std::string name = directory_.File("a.log");
  const auto writer = Open(name, 64 << 20);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kLines; ++i) {
        const std::string number = std::to_string(t) + " " + std::to_string(i);
        EXPECT_TRUE(writer->Append(number + std::string(50, 'x') + "\n"));
      }
    });
  }
  for (int i = 0; i < 20; ++i) log_->Reopen();
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(log_->Flush(kLong));

  // Each thread's lines are all there, whole and in order.
  std::istringstream lines(ReadFile(name));
  std::map<int, int> next;
  for (std::string line; std::getline(lines, line);) {
    int thread = -1, number = -1;
    char tail[64] = "";
    ASSERT_EQ(sscanf(line.c_str(), "%d %d%60s", &thread, &number, tail), 3) << line;
    EXPECT_EQ(std::string(tail), std::string(50, 'x'));
    EXPECT_EQ(number, next[thread]++);
  }
  for (int t = 0; t < kThreads; ++t) EXPECT_EQ(next[t], kLines);
  EXPECT_EQ(Written(name), kThreads * kLines);
}

TEST_F(LogThreadTest, AFullDiskLosesLinesCountedAndSaysSoOnce) {
  const auto writer = Open("/dev/full");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(writer->Append("one\n"));
    EXPECT_TRUE(writer->Append("two\n"));
    ASSERT_TRUE(log_->Flush(kLong));
  }
  EXPECT_EQ(Dropped("/dev/full", "write_failed"), 6);
  EXPECT_EQ(Written("/dev/full"), 0);
  EXPECT_THAT(Reports(), ElementsAre(AllOf(HasSubstr("/dev/full"), HasSubstr("No space left"))));
}

TEST_F(LogThreadTest, SaysWhenAFileWorksAgain) {
  const std::string link = directory_.File("a.log");
  const std::string good = directory_.File("good.log");
  std::filesystem::create_symlink("/dev/full", link);
  const auto writer = Open(link);
  writer->Append("lost\n");
  ASSERT_TRUE(log_->Flush(kLong));
  std::filesystem::remove(link);
  std::filesystem::create_symlink(good, link);
  log_->Reopen();
  ASSERT_TRUE(log_->Flush(kLong));
  writer->Append("kept\n");
  writer->Append("kept too\n");
  ASSERT_TRUE(log_->Flush(kLong));
  EXPECT_EQ(ReadFile(good), "kept\nkept too\n");
  EXPECT_EQ(Dropped(link, "write_failed"), 1);
  EXPECT_EQ(Written(link), 2);
  EXPECT_THAT(Reports(),
              ElementsAre(HasSubstr("No space left"), HasSubstr("written again; lines lost: 1")));
}

TEST_F(LogThreadTest, ReopensAfterARename) {
  const std::string name = directory_.File("a.log");
  const auto writer = Open(name);
  writer->Append("before\n");
  std::filesystem::rename(name, directory_.File("a.log.1"));
  log_->Reopen();
  ASSERT_TRUE(log_->Flush(kLong));
  writer->Append("after\n");
  ASSERT_TRUE(log_->Flush(kLong));
  EXPECT_EQ(ReadFile(directory_.File("a.log.1")), "before\n");
  EXPECT_EQ(ReadFile(name), "after\n");
}

TEST_F(LogThreadTest, KeepsTheOldFileWhenItCannotReopenAndSaysSo) {
  const std::string folder = directory_.File("folder");
  std::filesystem::create_directory(folder);
  const auto writer = Open(folder + "/a.log");
  std::filesystem::rename(folder, directory_.File("moved"));
  log_->Reopen();
  writer->Append("still written\n");
  ASSERT_TRUE(log_->Flush(kLong));
  EXPECT_EQ(ReadFile(directory_.File("moved/a.log")), "still written\n");
  EXPECT_THAT(Reports(), ElementsAre(HasSubstr("stays in use")));
}

TEST_F(LogThreadTest, AStuckReaderLosesLinesCountedAndStopsNobody) {
  const std::string stuck = StuckFifo();
  const std::string other = directory_.File("a.log");
  constexpr size_t kBufferSize = 300'000;
  constexpr size_t kPipeSize = 65'536;
  const auto stuck_writer = Open(stuck, kBufferSize);
  const auto other_writer = Open(other);
  const std::string line = std::string(99, 'x') + "\n";
  uint64_t accepted = 0;
  uint64_t refused = 0;
  // The second time some lines wait for the pipe already: they count against the buffer as well.
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5'000; ++i) ++(stuck_writer->Append(line) ? accepted : refused);
    EXPECT_FALSE(log_->Flush(milliseconds(10)));
  }
  EXPECT_LE(accepted * line.size(), kBufferSize + kPipeSize);
  EXPECT_EQ(Dropped(stuck, "buffer_full"), refused);
  EXPECT_EQ(accepted + refused, 10'000);

  other_writer->Append("one\n");
  EXPECT_TRUE(WaitUntil([&] { return Written(other) == 1; }));

  // Once it reads, everything that was accepted arrives.
  std::string seen;
  while (seen.size() < accepted * line.size()) seen += ReadFifo();
  EXPECT_TRUE(log_->Flush(kLong));
  EXPECT_EQ(std::count(seen.begin(), seen.end(), '\n'), accepted);
  EXPECT_EQ(Written(stuck), accepted);
}

TEST_F(LogThreadTest, ALineThatAPipeTookHalfOfDoesNotBeginAnotherFile) {
  const std::string name = StuckFifo();
  const auto writer = Open(name);
  writer->Append(std::string(200'000, 'x') + "\n");
  writer->Append("next\n");
  EXPECT_FALSE(log_->Flush(milliseconds(10)));
  ASSERT_TRUE(WaitUntil([&] { return !ReadFifo().empty(); }));
  EXPECT_FALSE(log_->Flush(milliseconds(10)));
  std::filesystem::remove(name);
  std::ofstream(name).close();
  log_->Reopen();
  ASSERT_TRUE(log_->Flush(kLong));
  EXPECT_EQ(ReadFile(name), "next\n");
  EXPECT_EQ(Dropped(name, "write_failed"), 1);
}

TEST_F(LogThreadTest, ReopeningTheSamePipeGoesOnInsideTheLine) {
  const std::string name = StuckFifo();
  const auto writer = Open(name);
  const std::string line = std::string(200'000, 'x') + "\n";
  writer->Append(line);
  EXPECT_FALSE(log_->Flush(milliseconds(10)));
  log_->Reopen();
  EXPECT_FALSE(log_->Flush(milliseconds(10)));
  std::string seen;
  EXPECT_TRUE(WaitUntil([&] { return (seen += ReadFifo()).size() >= line.size(); }));
  EXPECT_EQ(seen, line);
}

TEST_F(LogThreadTest, StopEndsInTimeWhenAReaderIsStuck) {
  const std::string name = StuckFifo();
  const auto writer = Open(name, 1 << 20);
  const std::string line = std::string(999, 'x') + "\n";
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(writer->Append(line));
  const auto start = std::chrono::steady_clock::now();
  log_->Stop(milliseconds(100));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(Written(name) + Dropped(name, "write_failed"), 500);
  EXPECT_THAT(Reports(), ElementsAre(HasSubstr("closed; lines lost")));
}

TEST_F(LogThreadTest, StopWritesWhatWaits) {
  Start({.flush_interval = std::chrono::hours(1)});
  const std::string name = directory_.File("a.log");
  const auto writer = Open(name);
  for (int i = 0; i < 1000; ++i) writer->Append("line\n");
  log_->Stop(kLong);
  EXPECT_EQ(ReadFile(name).size(), 5000);
  EXPECT_EQ(Written(name), 1000);
  // What comes too late is counted too.
  EXPECT_FALSE(writer->Append("late\n"));
  EXPECT_EQ(Dropped(name, "write_failed"), 1);
}

TEST_F(LogThreadTest, AFileIsFlushedAndClosedWhenTheLastUserIsGone) {
  Start({.flush_interval = std::chrono::hours(1)});
  const std::string name = StuckFifo();
  auto first = Open(name);
  auto second = Open(name);
  first->Append("one\n");
  first.reset();
  second->Append("two\n");
  second.reset();
  // The end of the file is seen only when no writer is left.
  std::string seen;
  EXPECT_TRUE(WaitUntil([&] {
    char buffer[64];
    const ssize_t got = read(reader_, buffer, sizeof(buffer));
    if (got > 0) seen.append(buffer, got);
    return got == 0;
  }));
  EXPECT_EQ(seen, "one\ntwo\n");
}

TEST_F(LogThreadTest, AStuckFileThatNobodyUsesIsGivenUp) {
  Start({.close_timeout = milliseconds(10)});
  const std::string name = StuckFifo();
  auto writer = Open(name);
  const std::string line = std::string(999, 'x') + "\n";
  for (int i = 0; i < 500; ++i) writer->Append(line);
  writer.reset();
  // Nothing is left to wait for once it is closed.
  EXPECT_TRUE(WaitUntil([&] { return Written(name) + Dropped(name, "write_failed") == 500; }));
  EXPECT_TRUE(log_->Flush(kLong));
  EXPECT_GT(Dropped(name, "write_failed"), 0);
}

TEST_F(LogThreadTest, OpeningAFileAgainWhileItClosesLosesNothing) {
  const std::string name = directory_.File("a.log");
  constexpr int kRounds = 20'000;
  for (int i = 0; i < kRounds; ++i) {
    const auto writer = Open(name);
    EXPECT_TRUE(writer->Append("line\n"));
  }
  ASSERT_TRUE(log_->Flush(kLong));
  EXPECT_EQ(ReadFile(name).size(), kRounds * 5);
}

TEST_F(LogThreadTest, AWriterMayOutliveTheThread) {
  const auto writer = Open(directory_.File("a.log"));
  log_.reset();
  EXPECT_FALSE(writer->Append("late\n"));
}

}  // namespace
}  // namespace culvert::access_log
