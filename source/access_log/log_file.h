// One open access-log file: its descriptor, and the care that no half line is ever followed by
// another on the same line. Owned by a FileWriter; used by the log thread alone once it is open. No
// call waits for a reader of a pipe.
#ifndef CULVERT_SOURCE_ACCESS_LOG_LOG_FILE_H_
#define CULVERT_SOURCE_ACCESS_LOG_LOG_FILE_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace culvert::access_log {

class LogFile {
 public:
  struct Progress {
    size_t written = 0;
    // The errno that stopped it; 0: none. EAGAIN: it would have had to wait.
    int error = 0;
  };

  // Opens to append; a new file gets mode 0640. `/dev/stdout` and `/dev/stderr` are the process's
  // own, duplicated. A FIFO must have a reader.
  static absl::StatusOr<LogFile> Open(const std::string& filename);

  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  ~LogFile();

  // Writes as much of `lines` as goes at once. After EAGAIN call again with what is left; after
  // another error a line that was begun is taken back or closed, and the next call starts with a
  // whole line.
  Progress Write(std::string_view lines);

  // Whether both are the same file in the file system.
  bool SameAs(const LogFile& other) const;

  // To wait for POLLOUT.
  int descriptor() const { return descriptor_; }

 private:
  enum class Origin { kNamed, kInherited };

  explicit LogFile(int descriptor, Origin origin);

  // How much of `lines` one write(2) may take without waiting; 0: nothing now.
  size_t NextChunk(std::string_view lines) const;
  void NoteWritten(std::string_view part);
  void TakeBackHalfLine();

  int descriptor_;
  Origin origin_;
  bool regular_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  // Bytes of a line whose end is still to be written.
  size_t half_line_ = 0;
  // A half line could not be taken back: end it before anything else.
  bool owes_newline_ = false;
};

}  // namespace culvert::access_log

#endif  // CULVERT_SOURCE_ACCESS_LOG_LOG_FILE_H_
