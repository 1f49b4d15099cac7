#include "source/server/take_over_message.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "source/base/status.h"

namespace culvert::server {
namespace {

const net::SocketAddress kAddress = *net::SocketAddress::Parse("127.0.0.1:8443");

net::Fd ListeningSocket() {
  net::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr address{.sa_family = AF_UNIX, .sa_data = {}};  // a name of the kernel's choice
  EXPECT_EQ(bind(fd.get(), &address, sizeof address.sa_family), 0);
  EXPECT_EQ(listen(fd.get(), 1), 0);
  return fd;
}

take_over::Offer OfferOf(int sockets) {
  take_over::Offer offer;
  take_over::Sockets& added = *offer.add_listeners();
  added.set_address(kAddress.ToString());
  added.set_count(sockets);
  return offer;
}

std::vector<net::Fd> Descriptors(int count) {
  std::vector<net::Fd> descriptors;
  for (int i = 0; i < count; ++i) descriptors.push_back(ListeningSocket());
  return descriptors;
}

std::string ErrorOf(take_over::Offer offer, std::vector<net::Fd> descriptors) {
  const auto state = StateOf(offer, std::move(descriptors));
  return state.ok() ? "none" : std::string(Message(state.status()));
}

TEST(TakeOverMessageTest, AnyUnixPathSurvives) {
  const auto address = *net::SocketAddress::Parse("unix:/tmp/a b\xff.sock");
  TakeOverState state;
  state.listeners.Add(address, ListeningSocket(), SocketOrigin::kServiceManager);
  auto channel = OfferMessage(std::move(state));
  ASSERT_TRUE(channel.ok());
  take_over::Message message = ParseMessage(channel->payload);
  auto back = StateOf(*message.mutable_offer(), std::move(channel->descriptors));
  ASSERT_TRUE(back.ok()) << Message(back.status());
  EXPECT_EQ(back->listeners.addresses(), std::vector{address});
  EXPECT_EQ(back->listeners.Take(address).origin, SocketOrigin::kServiceManager);
}

TEST(TakeOverMessageTest, MoreSocketsThanTheOtherSideTakesAreAnError) {
  TakeOverState state;
  for (size_t i = 0; i <= kLimitsOfOffer.descriptors; ++i)
    state.listeners.Add(kAddress, net::Fd(), SocketOrigin::kPredecessor);
  const auto message = OfferMessage(std::move(state));
  ASSERT_FALSE(message.ok());
  EXPECT_NE(Message(message.status()).find("stop and start"), std::string::npos);
}

TEST(TakeOverMessageTest, DescriptorsAndAddressesHaveToMatch) {
  EXPECT_EQ(ErrorOf(OfferOf(2), Descriptors(2)), "none");
  EXPECT_EQ(ErrorOf(OfferOf(2), Descriptors(1)), "fewer sockets came than were announced");
  EXPECT_EQ(ErrorOf(OfferOf(-1), Descriptors(1)), "fewer sockets came than were announced");
  EXPECT_EQ(ErrorOf(OfferOf(1), Descriptors(2)), "more sockets came than were announced");
  take_over::Offer nowhere = OfferOf(1);
  nowhere.mutable_listeners(0)->set_address("nowhere");
  EXPECT_NE(ErrorOf(nowhere, Descriptors(1)), "none");
}

TEST(TakeOverMessageTest, OnlyListeningStreamSocketsAreTaken) {
  for (int fd :
       {open("/dev/null", O_RDONLY | O_CLOEXEC), socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
        socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)}) {
    std::vector<net::Fd> descriptors;
    descriptors.emplace_back(fd);
    EXPECT_EQ(ErrorOf(OfferOf(1), std::move(descriptors)),
              "what came for 127.0.0.1:8443 is no listening socket");
    EXPECT_EQ(fcntl(fd, F_GETFD), -1);
  }
}

TEST(TakeOverMessageTest, KeysOfTheWrongSizeAreLeftOutAndOthersWiped) {
  take_over::Offer offer;
  for (const size_t size : {32, 31}) {
    take_over::TicketKey& key = *offer.add_ticket_keys()->add_keys();
    key.set_name(std::string(16, 'n'));
    key.set_mac_key(std::string(32, 'm'));
    key.set_cipher_key(std::string(size, 'c'));
  }
  const auto state = StateOf(offer, {});
  ASSERT_TRUE(state.ok());
  ASSERT_EQ(state->ticket_keys.size(), 1);
  EXPECT_EQ(state->ticket_keys[0].state.keys.at(0).cipher_key[31], 'c');
  EXPECT_EQ(offer.ticket_keys(0).keys(0).mac_key(), std::string(32, '\0'));
  EXPECT_EQ(offer.ticket_keys(0).keys(0).cipher_key(), std::string(32, '\0'));
}

TEST(TakeOverMessageTest, BytesThatAreNoMessageHaveNoBodyAndAreWiped) {
  std::string payload = "\xff\xff\xff";
  EXPECT_EQ(ParseMessage(payload).body_case(), take_over::Message::BODY_NOT_SET);
  EXPECT_EQ(payload, std::string(3, '\0'));
}

TEST(TakeOverMessageTest, CountersGoIntoMessagesOfBoundedSize) {
  stats::FamilySnapshot counters{"culvert_a_b_total", "Help.", stats::Kind::kCounter, {}, {}};
  for (int i = 0; i < 100; ++i)
    counters.samples.push_back({{{"x", std::to_string(i)}}, uint64_t{1}});
  stats::FamilySnapshot histogram{"culvert_a_b_seconds",
                                  "Help.",
                                  stats::Kind::kHistogram,
                                  {1.0},
                                  {{{}, stats::HistogramValue{{2, 3}, 4.5}}}};
  std::vector<ChannelMessage> messages = CountersMessages({histogram, counters}, 200);
  EXPECT_GE(messages.size(), 4);
  stats::Snapshot all;
  for (ChannelMessage& channel : messages) {
    EXPECT_LT(channel.payload.size(), 400);
    const bool last = &channel == &messages.back();
    const take_over::Message message = ParseMessage(channel.payload);
    ASSERT_TRUE(message.has_counters());
    EXPECT_EQ(message.counters().more(), !last);
    for (auto& family : CountedOf(message.counters())) all.push_back(std::move(family));
  }
  EXPECT_EQ(all.front().bounds, histogram.bounds);
  EXPECT_EQ(std::get<stats::HistogramValue>(all.front().samples.at(0).value).buckets,
            (std::vector<uint64_t>{2, 3}));
  size_t samples = 0;
  for (size_t i = 1; i < all.size(); ++i) {
    EXPECT_EQ(all[i].name, counters.name);
    EXPECT_EQ(all[i].help, counters.help);
    for (const stats::Sample& sample : all[i].samples) {
      EXPECT_EQ(sample.labels, counters.samples[samples++].labels);
      EXPECT_EQ(std::get<uint64_t>(sample.value), 1);
    }
  }
  EXPECT_EQ(samples, 100);
}

TEST(TakeOverMessageTest, NothingCountedIsOneMessage) { EXPECT_EQ(CountersMessages({}).size(), 1); }

TEST(TakeOverMessageTest, ASeriesWithoutAllItsLabelsIsLeftOut) {
  take_over::Counters counters;
  take_over::Family& family = *counters.add_families();
  family.set_name("culvert_a_b_total");
  family.add_label_names("x");
  family.add_series()->set_count(1);
  family.add_series()->add_label_values("1");
  family.add_series()->add_label_values("2");
  family.mutable_series(2)->add_label_values("3");
  const stats::Snapshot counted = CountedOf(counters);
  ASSERT_EQ(counted.at(0).samples.size(), 1);
  EXPECT_EQ(counted[0].samples[0].labels, (stats::Labels{{"x", "1"}}));
}

}  // namespace
}  // namespace culvert::server
