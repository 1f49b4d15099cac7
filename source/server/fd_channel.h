// Messages with file descriptors over a connected unix stream socket. What the peer may send is
// bounded, and descriptors that come are closed unless somebody takes them. Owned by one side of a
// take-over; one thread.
#ifndef CULVERT_SOURCE_SERVER_FD_CHANNEL_H_
#define CULVERT_SOURCE_SERVER_FD_CHANNEL_H_

#include <cstddef>
#include <string>
#include <vector>

#include "source/base/time.h"
#include "source/net/event_loop.h"
#include "source/net/fd.h"
#include "source/net/io_result.h"
#include "source/net/task.h"

namespace culvert::server {

struct ChannelMessage {
  std::string payload;
  std::vector<net::Fd> descriptors;
};

class FdChannel {
 public:
  // Of what is received.
  struct Limits {
    size_t size = 0;
    size_t descriptors = 0;
  };
  // A message that was received (kOk), the end between two messages (kEnd), or what went wrong:
  // kProtocol for a message over the limits, kTruncated for one that stops short, kResources where
  // this process may not have so many descriptors. After an error the channel is of no use.
  struct Received {
    net::IoResult result;
    ChannelMessage message;
  };

  // `socket` is non-blocking.
  FdChannel(net::Fd socket, Limits limits) : socket_(std::move(socket)), limits_(limits) {}
  FdChannel(const FdChannel&) = delete;
  FdChannel& operator=(const FdChannel&) = delete;
  ~FdChannel();

  int fd() const { return socket_.get(); }

  // Blocking, before a loop runs or after: kOk when all has been written. What an earlier call
  // has left unwritten goes first. Payloads are wiped once they are written: they may hold keys.
  net::IoResult Send(ChannelMessage message, TimePoint deadline);
  Received Receive(TimePoint deadline);

  // The same as coroutines, after Watch(), which is called once; false where the kernel refuses.
  bool Watch(net::EventLoop& loop) { return loop.Watch(socket_.get(), events_); }
  net::Task<net::IoResult> SendAsync(ChannelMessage message, TimePoint deadline);
  net::Task<Received> ReceiveAsync(TimePoint deadline);

 private:
  void Enqueue(ChannelMessage message);
  // kOk when nothing is left to write.
  net::IoResult TrySend();
  net::IoResult SendSome();
  net::IoResult Flush(TimePoint deadline);
  net::Task<net::IoResult> FlushAsync(TimePoint deadline);

  Received TryReceive();
  // One call to the kernel, for up to `size` more bytes of incoming_.
  net::IoResult ReadSome(size_t size);
  Received TakeMessage(size_t payload_offset);
  Received Fail(net::IoError error);

  net::Fd socket_;
  const Limits limits_;
  net::FdEvents events_;

  // The frame that goes out, and the descriptors that are not yet on their way.
  std::string outgoing_;
  size_t sent_ = 0;
  std::vector<net::Fd> outgoing_descriptors_;

  // What has come of the next frame.
  std::string incoming_;
  std::vector<net::Fd> incoming_descriptors_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_FD_CHANNEL_H_
