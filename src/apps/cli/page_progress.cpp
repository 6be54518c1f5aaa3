// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/page_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace lectio::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kClearLine = "\r\x1b[K";

std::string clock(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

std::string progress_line(std::int64_t done, std::int64_t from_store, std::int64_t expected,
                          double seconds) {
  std::string line = fmt::format("{}/{} pages", done, expected);
  const std::int64_t read = done - from_store;
  if (read > 0 && seconds > 0) {
    const double rate = static_cast<double>(read) / seconds;
    line += fmt::format(", {:.2f} pages/s", rate);
    if (expected > done) {
      line += ", " + clock(static_cast<double>(expected - done) / rate) + " left";
    }
  }
  return line;
}

PageProgress::PageProgress(ProgressKind kind) : kind_(kind) {
  if (kind_ == ProgressKind::kAuto) {
    kind_ = ::isatty(STDERR_FILENO) != 0 ? ProgressKind::kBar : ProgressKind::kNone;
  }
}

PageProgress::~PageProgress() { clear(); }

double PageProgress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

void PageProgress::clear() {
  if (!shown_) return;
  std::fputs(kClearLine, stderr);
  std::fflush(stderr);
  shown_ = false;
}

void PageProgress::page(const PageResult& result, const RunReport& report) {
  if (kind_ == ProgressKind::kBar) bar(report);
  if (kind_ == ProgressKind::kJson) json(result, report);
}

void PageProgress::bar(const RunReport& report) {
  constexpr std::int64_t kCells = 24;
  const std::int64_t expected = std::max<std::int64_t>(report.expected(), 1);
  const std::int64_t full = std::min(kCells, kCells * report.pages() / expected);
  std::string line = "[" + std::string(static_cast<std::size_t>(full), '#') +
                     std::string(static_cast<std::size_t>(kCells - full), '.') + "] " +
                     progress_line(report.pages(), report.from_store(), expected, seconds());
  const std::int64_t bad = report.count(Verdict::kFailed);
  if (bad > 0) line += fmt::format(", {} failed", bad);
  std::fputs((kClearLine + line).c_str(), stderr);
  std::fflush(stderr);
  shown_ = true;
}

void PageProgress::json(const PageResult& result, const RunReport& report) const {
  Json json = {{"schema", "lectio.progress"},
               {"schema_version", 1},
               {"source", result.source},
               {"verdict", verdict_name(result.reading.verdict)},
               {"from_store", result.from_store},
               {"done", report.pages()},
               {"expected", report.expected()},
               {"failed", report.count(Verdict::kFailed)},
               {"seconds", seconds()}};
  if (result.page >= 0) json["page"] = result.page + 1;
  std::fputs((json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n").c_str(), stderr);
}

}  // namespace lectio::cli
