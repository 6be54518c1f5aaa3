// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <utility>

namespace lectio {
namespace {

// The one piece of process-wide state: where log lines go.
LogSink& sink() {
  static LogSink instance;
  return instance;
}

}  // namespace

void set_log_sink(LogSink new_sink) { sink() = std::move(new_sink); }

void log(LogLevel level, std::string_view message) {
  if (sink()) sink()(level, message);
}

}  // namespace lectio
