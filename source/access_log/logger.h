// One `access_log` entry of a config: a format and the file that its lines go to. Owned by the
// config snapshot; any worker may log.
#ifndef CULVERT_SOURCE_ACCESS_LOG_LOGGER_H_
#define CULVERT_SOURCE_ACCESS_LOG_LOGGER_H_

#include <memory>
#include <string>
#include <utility>

#include "source/access_log/formatter.h"
#include "source/access_log/record.h"
#include "source/access_log/writer.h"

namespace culvert::access_log {

class AccessLogger {
 public:
  AccessLogger(Format format, std::shared_ptr<FileWriter> file)
      : format_(format), file_(std::move(file)) {}

  // Formats and hands over; never waits for the file.
  void Log(const Record& record) const {
    std::string line;
    AppendLine(format_, record, line);
    file_->Append(line);
  }

 private:
  Format format_;
  std::shared_ptr<FileWriter> file_;
};

}  // namespace culvert::access_log

#endif  // CULVERT_SOURCE_ACCESS_LOG_LOGGER_H_
