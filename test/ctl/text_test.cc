#include "source/ctl/text.h"

#include <gtest/gtest.h>

namespace culvert::ctl {
namespace {

TEST(CtlTextTest, WhatPeersSendMovesNoCursorAndReordersNothing) {
  EXPECT_EQ(Printable("plain text, ünïcode 漢字"), "plain text, ünïcode 漢字");
  EXPECT_EQ(Printable("\x1b[2J\x07"), "\\u001b[2J\\u0007");
  EXPECT_EQ(Printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(Printable("\x7f"), "\\u007f");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\u009b") << "C1's CSI";
  EXPECT_EQ(Printable("\xe2\x80\xae"), "\\u202e") << "right-to-left override";
  EXPECT_EQ(Printable("a\xff\xc3z"), "a\\xff\\xc3z") << "no UTF-8";
}

TEST(CtlTextTest, LinesStayLines) {
  EXPECT_EQ(PrintableLines("a:\n\tb\x1b\r\n"), "a:\n\tb\\u001b\\r\n");
}

TEST(CtlTextTest, CountsColumnsAndNotBytes) {
  EXPECT_EQ(Columns(""), 0);
  EXPECT_EQ(Columns("abc"), 3);
  EXPECT_EQ(Columns("müß"), 3);
  EXPECT_EQ(Columns("e\xcc\x81"), 1) << "a combining accent";
  EXPECT_EQ(Columns("漢字"), 4);
}

TEST(CtlTextTest, ShortensInTheMiddle) {
  EXPECT_EQ(Shorten("short", 5), "short");
  EXPECT_EQ(Shorten("a.very.long.name.example.com:443", 12), "a.very…m:443");
  EXPECT_EQ(Shorten("abcdef", 1), "…");
  EXPECT_EQ(Shorten("abcdef", 0), "");
}

TEST(CtlTextTest, ShortenedTextFitsWhateverItsCharacters) {
  for (const std::string text :
       {"漢字漢字漢字漢字", "aéíóúàèìòùz", "a漢b字c漢d字e", "ee\xcc\x81zzzzzz"}) {
    for (size_t columns = 1; columns < Columns(text); ++columns) {
      const std::string cut = Shorten(text, columns);
      EXPECT_LE(Columns(cut), columns) << cut;
      EXPECT_GE(Columns(cut) + 2, columns) << cut;
      EXPECT_EQ(Printable(cut), cut) << "a character was cut in two";
    }
  }
}

TEST(CtlTextTest, CountsThings) {
  EXPECT_EQ(Count(0, "tunnel"), "0 tunnels");
  EXPECT_EQ(Count(1, "tunnel"), "1 tunnel");
  EXPECT_EQ(Count(2, "tunnel"), "2 tunnels");
}

}  // namespace
}  // namespace culvert::ctl
