// Says on a terminal what is being waited for, once that takes longer than people like to wait
// without a word. A thread of its own; made and ended on the main thread.
#ifndef CULVERT_SOURCE_CTL_PROGRESS_H_
#define CULVERT_SOURCE_CTL_PROGRESS_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "source/ctl/console.h"

namespace culvert::ctl {

class Progress {
 public:
  // `what` goes before the seconds: `applying proxy.yaml`. Silent where `console.err` is no
  // terminal. `console` outlives it.
  Progress(const Console& console, std::string what,
           std::chrono::milliseconds patience = std::chrono::seconds(2));
  // Takes the line back.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void Run(std::chrono::milliseconds patience);

  const Console& console_;
  const std::string what_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_PROGRESS_H_
