// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/interrupt.h"

#include <pthread.h>

#include <csignal>
#include <cstdlib>
#include <utility>

#include "apps/cli/exit_codes.h"

namespace lectio::cli {
namespace {

sigset_t interrupt_alone() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  return set;
}

bool ignored_by_parent() {
  struct sigaction action {};
  return ::sigaction(SIGINT, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Interrupt::Interrupt(std::stop_source stop) : stop_(std::move(stop)) {
  if (ignored_by_parent()) return;
  const sigset_t set = interrupt_alone();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiter_ = std::thread([this] { wait(); });
}

Interrupt::~Interrupt() {
  if (!waiter_.joinable()) return;
  done_ = true;
  ::pthread_kill(waiter_.native_handle(), SIGINT);  // wakes it
  waiter_.join();
}

void Interrupt::wait() {
  const sigset_t set = interrupt_alone();
  while (true) {
    int signal = 0;
    ::sigwait(&set, &signal);
    if (done_) return;
    if (happened_.exchange(true)) std::_Exit(kExitCancelled);
    stop_.request_stop();
  }
}

}  // namespace lectio::cli
