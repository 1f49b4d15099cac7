// A place in a config file. A value: copied freely, for any thread.
#ifndef CULVERT_SOURCE_CONFIG_POSITION_H_
#define CULVERT_SOURCE_CONFIG_POSITION_H_

#include <compare>

namespace culvert::config {

// Line and column count from 1, columns in bytes. Zero: not known, as for the binary format.
struct Position {
  int line = 0;
  int column = 0;

  bool known() const { return line > 0; }
  friend auto operator<=>(const Position&, const Position&) = default;
};

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_POSITION_H_
