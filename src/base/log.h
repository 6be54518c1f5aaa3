// SPDX-License-Identifier: Apache-2.0
// Logging: the library hands lines to a sink that the app sets; without one they vanish.
#pragma once

#include <functional>
#include <string_view>

namespace lectio {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

using LogSink = std::function<void(LogLevel, std::string_view message)>;

// Sets the process's sink; called once by the app, before threads start.
void set_log_sink(LogSink sink);
void log(LogLevel level, std::string_view message);

}  // namespace lectio
