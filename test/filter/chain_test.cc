#include "source/filter/chain.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "api/culvert/extensions/metrics/v1/metrics.pb.h"
#include "test/fakes/fake_build_environment.h"

namespace culvert::filter {
namespace {

// Filters that do nothing: chains are about what fits.
class Bytes final : public StreamFilter {
 public:
  Task<StreamPtr> Accept(StreamPtr downstream, ConnectionContext&) const override {
    co_return std::move(downstream);
  }
};
class End final : public StreamTerminal {
 public:
  Task<void> Run(StreamPtr, ConnectionContext&) const override { co_return; }
};
class Request final : public HttpFilter {
 public:
  Task<HttpVerdict> OnRequest(http::Exchange&, ConnectionContext&) const override {
    co_return HttpVerdict::kNext;
  }
};
class Codec final : public HttpCodec {
 public:
  StreamTerminalPtr Bind(std::vector<HttpFilterPtr>) const override {
    return std::make_shared<End>();
  }
};

// Every fake takes the message of some real extension: which one does not matter.
using Config = extensions::metrics::v1::Metrics;

template <class Base, class Made, class Result>
class FakeFactory final : public Base {
 public:
  explicit FakeFactory(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  std::shared_ptr<const Result> Create(const Config& config, BuildContext& context) const override {
    if (config.path() == "wrong") context.AddError("path", "is wrong");
    return std::make_shared<Made>();
  }

 private:
  std::string name_;
};

class ChainTest : public ::testing::Test {
 protected:
  ChainTest() : registry_(MakeRegistry()) {}

  static Registry MakeRegistry() {
    Registry::Builder builder;
    builder
        .Add(std::make_unique<FakeFactory<StreamFilterFactory<Config>, Bytes, StreamFilter>>(
            "bytes"))
        .Add(std::make_unique<FakeFactory<StreamTerminalFactory<Config>, End, StreamTerminal>>(
            "end"))
        .Add(std::make_unique<FakeFactory<HttpCodecFactory<Config>, Codec, HttpCodec>>("http"))
        .Add(std::make_unique<FakeFactory<HttpFilterFactory<Config>, Request, HttpFilter>>(
            "request"));
    return std::move(builder).Build();
  }

  bool Build(const std::vector<std::string>& names) {
    google::protobuf::RepeatedPtrField<config::v1::Filter> filters;
    for (const std::string& name : names) {
      config::v1::Filter* filter = filters.Add();
      filter->set_name(name.substr(0, name.find('!')));
      Config config;
      if (name.ends_with('!')) config.set_path("wrong");
      filter->mutable_typed_config()->PackFrom(config);
    }
    errors_.clear();
    return BuildChain(filters, "filters", "listener", registry_, environment_, errors_) != nullptr;
  }

  stats::Registry stats_{1};
  fakes::FakeBuildEnvironment environment_{stats_};
  Registry registry_;
  std::vector<FieldError> errors_;
};

TEST_F(ChainTest, TakesWhatFits) {
  for (const std::vector<std::string>& names :
       std::vector<std::vector<std::string>>{{"end"},
                                             {"bytes", "bytes", "end"},
                                             {"request"},
                                             {"bytes", "http", "request", "request"}}) {
    EXPECT_TRUE(Build(names)) << errors_.front().message;
    EXPECT_TRUE(errors_.empty());
  }
}

TEST_F(ChainTest, RefusesWhatDoesNotFitAtItsPlace) {
  struct Case {
    std::vector<std::string> names;
    FieldError error;
  };
  const std::vector<Case> cases = {
      {{"bytes"},
       {"filters",
        "the chain does not end; its last filter must be a terminal such as tcp_proxy, or an http "
        "filter"}},
      {{"http"}, {"filters", "'http' has no http filter after it; add one, such as http_connect"}},
      {{"end", "end"}, {"filters[1]", "nothing can follow 'end', which ends the chain"}},
      {{"end", "request"}, {"filters[1]", "nothing can follow 'end', which ends the chain"}},
      {{"request", "bytes"},
       {"filters[1]",
        "'bytes' takes bytes, but 'request' before it gives requests; move it before the http "
        "filters"}},
      {{"http", "http", "request"},
       {"filters[1]",
        "'http' takes bytes, but 'http' before it gives requests; move it before the http "
        "filters"}},
      {{"nothing", "end"}, {"filters[0]", "this build has no filter 'nothing'"}},
  };
  for (const Case& wrong : cases) {
    EXPECT_FALSE(Build(wrong.names));
    ASSERT_FALSE(errors_.empty());
    EXPECT_EQ(errors_.front(), wrong.error)
        << errors_.front().path << ": " << errors_.front().message;
  }
}

TEST_F(ChainTest, ReportsTheErrorsOfEveryFilter) {
  EXPECT_FALSE(Build({"bytes!", "end!"}));
  ASSERT_EQ(errors_.size(), 2u);
  EXPECT_EQ(errors_[0], (FieldError{"filters[0].bytes.path", "is wrong"}));
  EXPECT_EQ(errors_[1], (FieldError{"filters[1].end.path", "is wrong"}));
}

}  // namespace
}  // namespace culvert::filter
