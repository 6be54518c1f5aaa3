// SPDX-License-Identifier: Apache-2.0
// How far a run has got, on standard error: a line that renews itself on a terminal, or JSON lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "apps/cli/arguments.h"
#include "pipeline/pipeline.h"
#include "pipeline/run_report.h"

namespace lectio::cli {

// One thread at a time.
class PageProgress {
 public:
  // kAuto: a bar where standard error is a terminal, else nothing.
  explicit PageProgress(ProgressKind kind);
  ~PageProgress();
  PageProgress(const PageProgress&) = delete;
  PageProgress& operator=(const PageProgress&) = delete;

  bool is_bar() const { return kind_ == ProgressKind::kBar; }
  // After every page, before the lines that are said about it.
  void page(const PageResult& result, const RunReport& report);
  // Takes the bar away, so that something else can be written.
  void clear();

 private:
  void bar(const RunReport& report);
  void json(const PageResult& result, const RunReport& report) const;
  double seconds() const;

  ProgressKind kind_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

// "12/300 pages, 1.3 pages/s, 3:41 left". Pages from an earlier run took no time and do not count
// towards the rate.
std::string progress_line(std::int64_t done, std::int64_t from_store, std::int64_t expected,
                          double seconds);

}  // namespace lectio::cli
