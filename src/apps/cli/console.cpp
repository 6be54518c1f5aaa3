// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/console.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "base/log.h"

namespace lectio::cli {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void set_up_console(bool quiet, bool verbose) {
  auto logger = std::make_shared<spdlog::logger>(
      "lectio", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("lectio: %^%l%$: %v");
  logger->set_level(verbose ? spdlog::level::debug
                    : quiet ? spdlog::level::warn
                            : spdlog::level::info);
  set_log_sink([logger](LogLevel level, std::string_view message) {
    logger->log(level_of(level), spdlog::string_view_t(message.data(), message.size()));
  });
}

int report(const Error& error) { return report(error, exit_code_of(error.code())); }

int report(const Error& error, ExitCode code) {
  log(LogLevel::kError, error.message());
  return code;
}

}  // namespace lectio::cli
