// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/page_writer.h"

#include <utility>

namespace lectio::cli {
namespace {

// As the official runners separate pages.
constexpr std::string_view kPageSplit = "\n<--- Page Split --->\n";

}  // namespace

PageWriter::PageWriter(Output output, bool json, std::stop_source stop)
    : output_(std::move(output)),
      json_(json),
      stop_(std::move(stop)) {}

void PageWriter::begin(std::int64_t index) {
  if (!json_ && index > 0) put(kPageSplit);
}

void PageWriter::text(std::string_view piece) {
  if (!json_) put(piece);
}

void PageWriter::end(const PageRecord& record) {
  if (json_) {
    put(to_json_line(record));
  } else if (last_ != '\n') {
    put("\n");
  }
}

void PageWriter::finish() {
  if (problem_) return;
  if (auto written = output_.finish(); !written) problem_ = written.error();
}

void PageWriter::put(std::string_view bytes) {
  if (problem_ || bytes.empty()) return;
  last_ = bytes.back();
  if (auto written = output_.write(bytes); !written) {
    problem_ = written.error();
    stop_.request_stop();
  }
}

}  // namespace lectio::cli
