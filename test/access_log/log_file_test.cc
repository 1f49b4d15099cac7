#include "source/access_log/log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "source/base/status.h"
#include "test/access_log/temporary_directory.h"

namespace culvert::access_log {
namespace {

LogFile OpenOrDie(const std::string& filename) {
  absl::StatusOr<LogFile> file = LogFile::Open(filename);
  EXPECT_TRUE(file.ok()) << Message(file.status());
  return std::move(*file);
}

// A disk that is full at `bytes`: writes up to there succeed in part, then fail. For this process,
// while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

 private:
  sighandler_t handler_;
  rlimit before_;
};

// A FIFO with a reader that takes bytes only when asked.
class Fifo {
 public:
  explicit Fifo(const std::string& filename) : filename_(filename) {
    mkfifo(filename.c_str(), 0600);
    Attach();
  }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;
  ~Fifo() { Detach(); }

  void Attach() { reader_ = open(filename_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); }
  void Detach() {
    if (reader_ >= 0) close(reader_);
    reader_ = -1;
  }
  std::string Read() {
    std::string content;
    char buffer[4096];
    for (ssize_t n; (n = read(reader_, buffer, sizeof(buffer))) > 0;) content.append(buffer, n);
    return content;
  }

 private:
  std::string filename_;
  int reader_ = -1;
};

TEST(LogFileTest, AppendsToWhatIsThere) {
  const TemporaryDirectory directory;
  const std::string name = directory.File("a.log");
  EXPECT_EQ(OpenOrDie(name).Write("one\n").written, 4);
  EXPECT_EQ(OpenOrDie(name).Write("two\n").written, 4);
  EXPECT_EQ(ReadFile(name), "one\ntwo\n");
}

TEST(LogFileTest, NewFilesAreNotForEveryone) {
  const TemporaryDirectory directory;
  const mode_t before = umask(0);
  const LogFile file = OpenOrDie(directory.File("a.log"));
  umask(before);
  struct stat status;
  ASSERT_EQ(fstat(file.descriptor(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640);
  EXPECT_TRUE(fcntl(file.descriptor(), F_GETFD) & FD_CLOEXEC);
  EXPECT_TRUE(fcntl(file.descriptor(), F_GETFL) & O_APPEND);
}

TEST(LogFileTest, SaysWhichFileCannotBeOpenedAndWhy) {
  const absl::StatusOr<LogFile> file = LogFile::Open("/nonexistent/a.log");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(Message(file.status()),
            "cannot open '/nonexistent/a.log' to append: No such file or directory");
}

TEST(LogFileTest, AFifoThatNobodyReadsIsRefusedAtOnce) {
  const TemporaryDirectory directory;
  const std::string name = directory.File("fifo");
  ASSERT_EQ(mkfifo(name.c_str(), 0600), 0);
  const absl::StatusOr<LogFile> file = LogFile::Open(name);
  ASSERT_FALSE(file.ok());
  EXPECT_NE(Message(file.status()).find("needs a process that reads it"), std::string::npos);
}

TEST(LogFileTest, AFullDiskIsAnError) {
  LogFile file = OpenOrDie("/dev/full");
  const LogFile::Progress progress = file.Write("one\n");
  EXPECT_EQ(progress.written, 0);
  EXPECT_EQ(progress.error, ENOSPC);
}

TEST(LogFileTest, TakesBackAHalfLineWhenTheDiskFillsUp) {
  const TemporaryDirectory directory;
  const std::string name = directory.File("a.log");
  LogFile file = OpenOrDie(name);
  {
    const FileSizeLimit limit(10);
    const LogFile::Progress progress = file.Write("one\ntwo\nthree\n");
    EXPECT_EQ(progress.written, 10);
    EXPECT_EQ(progress.error, EFBIG);
    EXPECT_EQ(ReadFile(name), "one\ntwo\n");
  }
  EXPECT_EQ(file.Write("four\n").error, 0);
  EXPECT_EQ(ReadFile(name), "one\ntwo\nfour\n");
}

TEST(LogFileTest, EndsAHalfLineThatItCannotTakeBack) {
  const TemporaryDirectory directory;
  const std::string name = directory.File("fifo");
  Fifo fifo(name);
  LogFile file = OpenOrDie(name);
  // A line longer than the pipe stops in its middle; then the reader goes, and another comes.
  const std::string line = std::string(200'000, 'x') + "\n";
  EXPECT_EQ(file.Write(line).error, EAGAIN);
  EXPECT_FALSE(fifo.Read().empty());
  fifo.Detach();
  const auto before = signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(file.Write("xx\n").error, EPIPE);
  signal(SIGPIPE, before);
  fifo.Attach();
  EXPECT_EQ(file.Write("next\n").written, 5);
  EXPECT_EQ(fifo.Read(), "\nnext\n");
}

TEST(LogFileTest, AFullPipeDoesNotMakeItWaitAndLinesGoOnWhereTheyStopped) {
  const TemporaryDirectory directory;
  const std::string name = directory.File("fifo");
  Fifo fifo(name);
  LogFile file = OpenOrDie(name);
  std::string lines;
  while (lines.size() < 300'000) lines += "line " + std::to_string(lines.size()) + "\n";
  std::string seen;
  size_t written = 0;
  while (written < lines.size()) {
    const LogFile::Progress progress = file.Write(std::string_view(lines).substr(written));
    written += progress.written;
    ASSERT_TRUE(progress.error == 0 || progress.error == EAGAIN) << progress.error;
    // Where it stopped a line had ended: other writers of a pipe never come between.
    EXPECT_EQ(lines[written - 1], '\n');
    seen += fifo.Read();
  }
  EXPECT_EQ(seen, lines);
}

TEST(LogFileTest, StandardOutputIsTheProcessesOwn) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  // The write end as a shell hands it over: blocking, and to be left so.
  fcntl(ends[1], F_SETFL, 0);
  const int before = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  LogFile file = OpenOrDie("/dev/stdout");
  dup2(before, STDOUT_FILENO);
  close(before);

  EXPECT_EQ(file.Write("one\n").written, 4);
  char buffer[16];
  EXPECT_EQ(read(ends[0], buffer, sizeof(buffer)), 4);
  std::string many;
  for (int i = 0; i < 20000; ++i) many += "0123456789\n";
  const LogFile::Progress progress = file.Write(many);
  EXPECT_EQ(progress.error, EAGAIN);
  EXPECT_GT(progress.written, 0);
  EXPECT_FALSE(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace culvert::access_log
