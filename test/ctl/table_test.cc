#include "source/ctl/table.h"

#include <gtest/gtest.h>

#include "source/ctl/text.h"

namespace culvert::ctl {
namespace {

Table Sample() {
  Table table({{.title = "ID", .right = true},
               {.title = "DESTINATION", .minimum = 12},
               {.title = "PHASE", .rank = 1},
               {.title = "LISTENER", .rank = 2, .minimum = 8}});
  table.Add({"7", "db.internal.example.com:5432", "tunnel", "https_proxy_for_staff"});
  table.Add({"4711", "a:1", "auth", ""});
  return table;
}

TEST(CtlTableTest, WithoutAWidthNothingIsCut) {
  EXPECT_EQ(Sample().Lines({}),
            (std::vector<std::string>{
                "  ID  DESTINATION                   PHASE   LISTENER",
                "   7  db.internal.example.com:5432  tunnel  https_proxy_for_staff",
                "4711  a:1                           auth    -",
            }));
}

TEST(CtlTableTest, TheWidestColumnsAreShortenedFirst) {
  const auto lines = Sample().Lines({.width = 50});
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "  ID  DESTINATION        PHASE   LISTENER",
                       "   7  db.inter…com:5432  tunnel  https_pr…or_staff",
                       "4711  a:1                auth    -",
                   }));
}

TEST(CtlTableTest, ColumnsOfTheHighestRankAreLeftOutFirst) {
  EXPECT_EQ(Sample().Lines({.width = 28}).front(), "  ID  DESTINATION     PHASE");
  EXPECT_EQ(Sample().Lines({.width = 20}).front(), "  ID  DESTINATION");
}

TEST(CtlTableTest, LinesFitEveryWidthThatHoldsWhatMustStay) {
  for (size_t width = 18; width < 80; ++width) {
    for (const std::string& line : Sample().Lines({.width = width})) {
      EXPECT_LE(Columns(line), width) << line;
    }
  }
}

TEST(CtlTableTest, ColourTakesNoRoom) {
  Table table({{.title = "STATE"}, {.title = "NAME"}});
  table.Add({{"bad", Style::kRed}, "x"});
  const auto lines = table.Lines({.width = 80, .color = true});
  EXPECT_EQ(lines[0], "\x1b[1mSTATE\x1b[0m  \x1b[1mNAME\x1b[0m");
  EXPECT_EQ(lines[1], "\x1b[31mbad\x1b[0m    x");
  EXPECT_EQ(table.Lines({.width = 80, .color = false})[1], "bad    x");
}

TEST(CtlTableTest, CellsCannotHoldEscapes) {
  Table table({{.title = "USER"}});
  table.Add({"\x1b[31mroot\n"});
  EXPECT_EQ(table.Lines({})[1], "\\u001b[31mroot\\n");
}

TEST(CtlTableTest, ShowsNoMoreRowsThanAreWanted) {
  EXPECT_EQ(Sample().Lines({}, 1).size(), 2);
  EXPECT_EQ(Sample().Lines({}, 5).size(), 3);
}

}  // namespace
}  // namespace culvert::ctl
