// What a process and the service manager that started it (systemd) tell each other: state by
// datagrams to $NOTIFY_SOCKET (sd_notify(3)), listening sockets by $LISTEN_FDS
// (sd_listen_fds(3)). Without a manager every call does nothing. Main thread.
#ifndef CULVERT_SOURCE_SERVER_SERVICE_MANAGER_H_
#define CULVERT_SOURCE_SERVER_SERVICE_MANAGER_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "source/net/address.h"
#include "source/net/fd.h"

namespace culvert::server {

class ServiceManager {
 public:
  // `notify_socket`: a path, or a name with '@' before it; empty: there is no manager.
  explicit ServiceManager(std::string notify_socket) : notify_socket_(std::move(notify_socket)) {}
  static ServiceManager FromEnvironment();

  void Ready() const { Notify("READY=1"); }
  // A reload begins; Ready() ends it.
  void Reloading() const;
  void Stopping() const { Notify("STOPPING=1"); }
  // Another process is the service from now on. Only the one that is may say so.
  void ChangeMainPid(pid_t pid) const;
  // One line for people, as `systemctl status` shows it.
  void SetStatus(std::string_view status) const;

 private:
  // Waits two seconds at most for a manager that is busy. A failure is of no consequence.
  void Notify(std::string_view assignments) const;

  std::string notify_socket_;
};

// A listening socket that the manager has opened.
struct ActivationSocket {
  std::string name;  // FileDescriptorName= of the socket unit
  net::SocketAddress address;
  net::Fd fd;
};

// $LISTEN_PID, $LISTEN_FDS and $LISTEN_FDNAMES.
struct ActivationEnvironment {
  std::string pid;
  std::string count;
  std::string names;
};

// Takes the variables out of the environment, so that no child believes itself meant. To be called
// before there are threads.
ActivationEnvironment TakeActivationEnvironment();

// The sockets that were meant for this process, closed by exec from now on; the first is
// descriptor `first`. An error for what is no listening stream socket, with all of them closed.
absl::StatusOr<std::vector<ActivationSocket>> TakeActivationSockets(
    const ActivationEnvironment& environment, int first = 3);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_SERVICE_MANAGER_H_
