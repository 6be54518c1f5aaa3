// SPDX-License-Identifier: Apache-2.0
// What became of a whole run: every page of every input, and the totals.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ocr/sources/inputs.h"
#include "pipeline/pipeline.h"

namespace lectio {

// Collects results as they come; keeps no texts.
class RunReport {
 public:
  explicit RunReport(std::vector<InputFile> inputs);

  void expect(std::size_t input, std::int64_t pages);  // an opened document's pages
  void add(const PageResult& result);
  // What has no result yet was not reached: pages of opened documents, and documents, as skipped.
  void close();

  std::int64_t count(Verdict verdict) const { return counts_[static_cast<std::size_t>(verdict)]; }
  std::int64_t pages() const;     // with a verdict
  std::int64_t expected() const;  // pages of opened documents, and one for each of the others
  std::int64_t from_store() const { return from_store_; }

  // Schema lectio.report, version 1. Holds no times: the same work gives the same bytes.
  std::string to_json(std::string_view producer, int exit_code) const;
  // A line a verdict that occurs, and the total.
  std::string summary() const;

 private:
  struct Line {
    std::int64_t page;
    Verdict verdict;
    std::string key;
    std::int64_t width, height;
    std::string mode;
    std::int64_t vision_tokens, tokens;
    std::string evidence;  // JSON
  };
  struct Entry {
    InputFile input;
    std::int64_t expected = -1;  // -1: not opened
    std::vector<Line> lines;
  };

  void add_line(std::size_t input, Line line);
  static std::string document_of(const Entry& entry);  // its part of the JSON

  std::vector<Entry> entries_;
  std::array<std::int64_t, 8> counts_{};
  std::int64_t from_store_ = 0;
};

}  // namespace lectio
