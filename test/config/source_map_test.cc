#include "source/config/source_map.h"

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "source/config/field_path.h"

namespace culvert::config {
namespace {

TEST(PathTest, IsWrittenAsInErrors) {
  const Path top;
  const Path list = top.Field("listeners");
  const Path item = list.Item(12);
  const Path field = item.Field("filters");
  EXPECT_EQ(top.ToString(), "");
  EXPECT_EQ(list.ToString(), "listeners");
  EXPECT_EQ(field.ToString(), "listeners[12].filters");
}

TEST(PathTest, HasTheHashOfWhatIsWritten) {
  const Path top;
  const Path list = top.Field("listeners");
  const Path item = list.Item(12);
  const Path field = item.Field("filters");
  for (const Path* path : {&top, &list, &item, &field}) {
    EXPECT_EQ(path->hash(), HashPath(path->ToString())) << path->ToString();
  }
  EXPECT_NE(HashPath("a.b"), HashPath("a[b"));
}

TEST(SourceMapTest, TheFirstPositionOfAPathStays) {
  SourceMap sources("a.yaml");
  sources.Add("process", {1, 1});
  sources.Add("process", {7, 7});
  EXPECT_EQ(sources.Find("process"), (Position{1, 1}));
}

TEST(SourceMapTest, KnowsExactlyWhatWasWrittenAndFindsTheNearestOfTheRest) {
  SourceMap sources("a.yaml");
  const Path top;
  const Path process = top.Field("process");
  EXPECT_FALSE(sources.Contains(process));
  EXPECT_FALSE(sources.Find("process.node.id").known());
  sources.Add(process, {3, 1});
  EXPECT_TRUE(sources.Contains(process));
  EXPECT_FALSE(sources.Contains(process.Field("node")));
  EXPECT_EQ(sources.Find("process.node.id"), (Position{3, 1}));
  EXPECT_FALSE(sources.Find("listeners[0]").known());
}

TEST(SourceMapTest, KeepsApartAsManyPathsAsALargeConfigHas) {
  SourceMap sources("a.yaml");
  constexpr int kPaths = 200'000;
  const auto path = [](int i) { return fmt::format("listeners[{}].filters[{}]", i / 10, i % 10); };
  for (int i = 0; i < kPaths; ++i) sources.Add(path(i), {i + 1, 1});
  for (int i = 0; i < kPaths; ++i) ASSERT_EQ(sources.Find(path(i)), (Position{i + 1, 1})) << i;
  EXPECT_FALSE(sources.Find("clusters[0]").known());
}

}  // namespace
}  // namespace culvert::config
