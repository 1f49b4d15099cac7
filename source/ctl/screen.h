// Shows one block of lines after the other: on a terminal in the place of the one before, in a pipe
// below it. The main thread's.
#ifndef CULVERT_SOURCE_CTL_SCREEN_H_
#define CULVERT_SOURCE_CTL_SCREEN_H_

#include <string_view>

#include "source/ctl/console.h"
#include "source/ctl/table.h"

namespace culvert::ctl {

class Screen {
 public:
  // `console` outlives it.
  explicit Screen(const Console& console) : console_(console) {}

  // `heading` and as much of the table as fits; what does not fit is counted.
  void Draw(std::string_view heading, const Table& table);

 private:
  const Console& console_;
  bool drawn_ = false;
};

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_SCREEN_H_
