#include "source/ctl/screen.h"

#include <gtest/gtest.h>

#include <future>

#include "source/ctl/progress.h"
#include "test/ctl/fake_console.h"

namespace culvert::ctl {
namespace {

Table Rows(int count) {
  Table table({{.title = "N"}});
  for (int i = 0; i < count; ++i) table.Add({std::to_string(i)});
  return table;
}

TEST(CtlScreenTest, APipeGetsOneBlockAfterTheOther) {
  FakeConsole fake;
  Screen screen(fake.console());
  screen.Draw("first", Rows(1));
  screen.Draw("second", Rows(2));
  EXPECT_EQ(fake.TakeOut(), "first\nN\n0\n\nsecond\nN\n0\n1\n");
}

TEST(CtlScreenTest, ATerminalIsClearedOnceAndThenWrittenOver) {
  FakeConsole fake;
  fake.out_terminal = Terminal{.columns = 80, .rows = 24, .color = false};
  Screen screen(fake.console());
  screen.Draw("first", Rows(1));
  EXPECT_EQ(fake.TakeOut(), "\x1b[H\x1b[2Jfirst\x1b[K\nN\x1b[K\n0\x1b[K\n\x1b[J");
  screen.Draw("second", Rows(0));
  EXPECT_EQ(fake.TakeOut(), "\x1b[Hsecond\x1b[K\nN\x1b[K\n\x1b[J");
}

TEST(CtlScreenTest, RowsThatDoNotFitTheTerminalAreCounted) {
  FakeConsole fake;
  fake.out_terminal = Terminal{.columns = 5, .rows = 7, .color = false};
  Screen screen(fake.console());
  screen.Draw("a long heading", Rows(10));
  EXPECT_EQ(fake.TakeOut(),
            "\x1b[H\x1b[2Ja …ng\x1b[K\nN\x1b[K\n0\x1b[K\n1\x1b[K\n2\x1b[K\n... and 7 more\x1b[K\n"
            "\x1b[J");
}

TEST(CtlProgressTest, TellsOnATerminalWhatIsWaitedForAndTakesItBack) {
  FakeConsole fake;
  fake.err_terminal = Terminal{};
  {
    std::promise<void> drawing;
    int looks = 0;
    fake.on_look = [&] {
      if (++looks == 2) drawing.set_value();  // the first is whether there is a terminal
    };
    const Progress progress(fake.console(), "applying a\x1b.yaml", std::chrono::milliseconds(1));
    drawing.get_future().wait();
  }
  EXPECT_EQ(fake.TakeErr(), "\rapplying a\\u001b.yaml ... 0s\x1b[K\r\x1b[K");
}

TEST(CtlProgressTest, IsSilentWhenThingsGoFastOrNobodyWatches) {
  FakeConsole fake;
  {
    const Progress progress(fake.console(), "applying", std::chrono::milliseconds(0));
  }
  fake.err_terminal = Terminal{};
  {
    const Progress progress(fake.console(), "applying", std::chrono::hours(1));
  }
  EXPECT_EQ(fake.TakeErr(), "");
}

}  // namespace
}  // namespace culvert::ctl
