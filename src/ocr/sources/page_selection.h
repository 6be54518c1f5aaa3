// SPDX-License-Identifier: Apache-2.0
// Which pages of a document: "1-3,7,-1".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lectio {

// Pages are counted from 1 as people do, and from the end with a minus: -1 is the last. A range may
// be open behind: "7-". The order is the document's, and no page comes twice. A plain value.
class PageSelection {
 public:
  PageSelection() = default;  // every page
  // kInvalidArgument for anything else than numbers and ranges with commas between, with the part.
  static Result<PageSelection> parse(std::string_view text);

  // Places from 0, ascending. Pages that the document does not have are left out.
  std::vector<std::int64_t> of(std::int64_t count) const;
  const std::string& text() const { return text_; }  // as it was written; empty: every page

 private:
  struct Range {
    std::int64_t first = 1;  // negative: from the end
    std::int64_t last = -1;
  };
  std::string text_;
  std::vector<Range> ranges_;
};

}  // namespace lectio
