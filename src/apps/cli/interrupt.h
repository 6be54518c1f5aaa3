// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as a request to stop.
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace lectio::cli {

// While it lives, the first SIGINT requests a stop and the second ends the process with code 130.
// Made before any other thread, which then inherits the blocked signal: a thread of our own waits
// for it, so that nothing runs inside a signal handler. Does nothing where the parent has set
// SIGINT to be ignored.
class Interrupt {
 public:
  explicit Interrupt(std::stop_source stop);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool happened() const { return happened_; }

 private:
  void wait();

  std::stop_source stop_;
  std::atomic<bool> happened_ = false;
  std::atomic<bool> done_ = false;
  std::thread waiter_;
};

}  // namespace lectio::cli
