// What tests of filters share: a worker and one connection of it, an environment to build filters
// in, and clusters that lead to the test. One thread.
#ifndef CULVERT_TEST_FAKES_FILTER_FIXTURE_H_
#define CULVERT_TEST_FAKES_FILTER_FIXTURE_H_

#include <google/protobuf/any.pb.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "source/filter/connection_context.h"
#include "source/filter/factory.h"
#include "source/filter/filter.h"
#include "source/stats/registry.h"
#include "test/fakes/fake_build_environment.h"
#include "test/fakes/fake_exchange.h"
#include "test/fakes/fake_resolver.h"
#include "test/net/test_util.h"

namespace culvert::fakes {

class FilterFixture : public net::LoopFixture {
 protected:
  FilterFixture();
  // Ends the connection, before the members of the test go.
  void TearDown() override;

  // A filter from its config; null after errors, which are in errors_.
  template <class Filter>
  std::shared_ptr<const Filter> Build(const filter::FilterFactory& factory,
                                      const google::protobuf::Message& config) {
    google::protobuf::Any any;
    any.PackFrom(config);
    filter::BuildContext context(environment_, "f", "test", errors_);
    const filter::AnyFilter built = factory.CreateFromAny(any, context);
    const auto* filter = std::get_if<std::shared_ptr<const Filter>>(&built);
    return filter == nullptr ? nullptr : *filter;
  }
  // The errors as `path: message`, one a line.
  std::string Errors() const;

  // A cluster in the environment, with these endpoints.
  std::shared_ptr<upstream::Cluster> AddCluster(const std::string& name,
                                                const std::vector<std::string>& endpoints);

  // Another connection of the worker, from this address, in place of connection().
  void ConnectFrom(std::string_view address);
  filter::ConnectionContext& connection() { return *connection_; }
  access_log::Record& record() { return connection_->record(); }

  // Starts `task` as the connection's own, to run whenever the loop does; at most one at a time.
  void Serve(net::Task<void> task);
  bool serving() const { return serving_; }
  // Runs the loop until the connection's task is over.
  void Finish();
  void Cancel() { connection_->scope().Cancel(net::CancelReason::kKilled); }

  // Starts a request at `filter`, and gives the exchange to look at. The one before is gone.
  FakeExchange& Request(const filter::HttpFilter& filter, std::string_view head,
                        std::string_view early = "");
  // As Request, and runs until the filter has done with it.
  FakeExchange& Ask(const filter::HttpFilter& filter, std::string_view head);
  std::optional<filter::HttpVerdict> verdict() const { return verdict_; }

  // Runs the loop until `stream` has received `bytes` and no others.
  void ExpectReceived(FakeStream& stream, std::string_view bytes);
  void ExpectReceived(net::Stream& stream, std::string_view bytes);
  // Runs the loop until `stream` has come to its end, which may be a reset.
  void ExpectClosed(net::Stream& stream);

  // The sum of a counter or gauge, or the count of a histogram, over all labels that include
  // `label` (`name=value`), where one is given.
  int64_t Metric(std::string_view name, std::string_view label = "") const;

  stats::Registry stats_{2};
  FakeBuildEnvironment environment_{stats_};
  std::vector<FieldError> errors_;
  FakeResolver resolver_;
  filter::Worker worker_{.index = 1, .loop = loop_, .resolver = resolver_};
  filter::ListenerContext listener_;

 private:
  static net::Task<void> ServeRequest(const filter::HttpFilter& filter, http::Exchange& exchange,
                                      filter::ConnectionContext& connection,
                                      std::optional<filter::HttpVerdict>& verdict);

  std::optional<filter::ConnectionContext> connection_;
  std::unique_ptr<FakeExchange> exchange_;
  std::optional<filter::HttpVerdict> verdict_;
  bool serving_ = false;
};

}  // namespace culvert::fakes

#endif  // CULVERT_TEST_FAKES_FILTER_FIXTURE_H_
