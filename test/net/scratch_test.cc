#include "source/net/scratch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "test/net/test_util.h"

namespace culvert::net {
namespace {

TEST(BufferPoolTest, LendsABufferOfItsSizeAndTheSameAgain) {
  BufferPool pool(1000);
  char* data;
  {
    const BufferPool::Lease lease(pool);
    EXPECT_EQ(lease.bytes().size(), 1000);
    data = lease.bytes().data();
  }
  EXPECT_EQ(BufferPool::Lease(pool).bytes().data(), data);
}

TEST(BufferPoolTest, LeasesAtTheSameTimeDoNotShareBytes) {
  BufferPool pool(1000);
  const BufferPool::Lease outer(pool);
  char* inner_data;
  {
    const BufferPool::Lease inner(pool);
    inner_data = inner.bytes().data();
    EXPECT_NE(outer.bytes().data(), inner_data);
    std::ranges::fill(outer.bytes(), 'o');
    std::ranges::fill(inner.bytes(), 'i');
    EXPECT_EQ(std::ranges::count(outer.bytes(), 'o'), 1000);
  }
  EXPECT_EQ(BufferPool::Lease(pool).bytes().data(), inner_data);
}

TEST(PipePoolTest, GivesLargeNonBlockingPipesThatKnowTheirCapacity) {
  PipePool pool;
  Pipe pipe = pool.Take();
  ASSERT_TRUE(pipe.valid());
  EXPECT_GE(pipe.capacity(), 256 * 1024);
  EXPECT_EQ(fcntl(pipe.write_end(), F_GETPIPE_SZ), pipe.capacity());
  char byte;
  EXPECT_EQ(read(pipe.read_end(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  pool.Return(std::move(pipe));
}

TEST(PipePoolTest, CountsWhatIsOut) {
  PipePool pool;
  EXPECT_EQ(pool.in_use(), 0);
  Pipe first = pool.Take();
  Pipe second = pool.Take();
  EXPECT_EQ(pool.in_use(), 2);
  pool.Return(std::move(first));
  EXPECT_EQ(pool.in_use(), 1);
  pool.Discard(std::move(second));
  EXPECT_EQ(pool.in_use(), 0);
}

TEST(PipePoolTest, GivesAReturnedPipeAgain) {
  PipePool pool;
  Pipe pipe = pool.Take();
  const int fd = pipe.read_end();
  pool.Return(std::move(pipe));
  pipe = pool.Take();
  EXPECT_EQ(pipe.read_end(), fd);
  EXPECT_TRUE(pipe.valid());
  pool.Return(std::move(pipe));
}

TEST(PipePoolTest, ClosesADiscardedPipe) {
  PipePool pool;
  const int before = CountOpenFds();
  Pipe pipe = pool.Take();
  EXPECT_EQ(CountOpenFds(), before + 2);
  pool.Discard(std::move(pipe));
  EXPECT_EQ(CountOpenFds(), before);
}

TEST(PipePoolTest, GivesNoneBeyondItsLimitUntilOneComesBack) {
  PipePool pool(3);
  std::vector<Pipe> pipes;
  for (int i = 0; i < 3; ++i) pipes.push_back(pool.Take());
  EXPECT_TRUE(pipes.back().valid());
  EXPECT_FALSE(pool.Take().valid());
  EXPECT_EQ(pool.in_use(), 3);
  pool.Return(std::move(pipes.back()));
  pipes.back() = pool.Take();
  EXPECT_TRUE(pipes.back().valid());
  for (Pipe& pipe : pipes) pool.Return(std::move(pipe));
}

TEST(PipePoolTest, KeepsFewIdlePipes) {
  PipePool pool(40);
  const int before = CountOpenFds();
  std::vector<Pipe> pipes;
  for (int i = 0; i < 40; ++i) pipes.push_back(pool.Take());
  for (Pipe& pipe : pipes) pool.Return(std::move(pipe));
  pipes.clear();
  EXPECT_EQ(pool.in_use(), 0);
  EXPECT_LE(CountOpenFds() - before, 2 * 16);
}

TEST(PipePoolTest, GivesNoneWhereDescriptorsHaveRunOut) {
  PipePool pool;
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{3, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const Pipe pipe = pool.Take();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_FALSE(pipe.valid());
  EXPECT_EQ(pool.in_use(), 0);
  // The kernel is not asked for every piece after that, yet in the end it is.
  EXPECT_FALSE(pool.Take().valid());
  Pipe later;
  for (int i = 0; i < 1000 && !later.valid(); ++i) later = pool.Take();
  ASSERT_TRUE(later.valid());
  pool.Return(std::move(later));
}

}  // namespace
}  // namespace culvert::net
