// SPDX-License-Identifier: Apache-2.0
// Pages in one stream, as text or as JSON lines.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string_view>

#include "apps/cli/output.h"
#include "apps/cli/page_json.h"
#include "base/result.h"

namespace lectio::cli {

// Pages go out as they are read. The first failure of the output ends everything: nobody would see
// the rest. One thread at a time.
class PageWriter {
 public:
  PageWriter(Output output, bool json, std::stop_source stop);

  void begin(std::int64_t index);
  void text(std::string_view piece);
  void end(const PageRecord& record);
  void finish();
  const std::optional<Error>& problem() const { return problem_; }

 private:
  void put(std::string_view bytes);

  Output output_;
  bool json_;
  std::stop_source stop_;
  std::optional<Error> problem_;
  char last_ = '\n';
};

}  // namespace lectio::cli
