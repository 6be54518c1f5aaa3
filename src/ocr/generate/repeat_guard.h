// SPDX-License-Identifier: Apache-2.0
// The no-repeat rules without scanning the history at every token.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ocr/generate/generate.h"

namespace lectio {

// Follows one sequence and knows at any time what banned_tokens would say. The last n-1 tokens are
// looked up in a hash table of all earlier (n-1)-grams, whose places are chained from the latest to
// the first, as a Lempel-Ziv compressor does; a place counts only when its tokens really are the
// same. One thread at a time.
class RepeatGuard {
 public:
  // most_output bounds the number of pushes: all memory is taken here.
  RepeatGuard(const NoRepeatRule& rule, std::span<const std::int32_t> prompt,
              std::int64_t most_output);

  void push(std::int32_t token);
  // As banned_tokens(rule, prompt, tokens pushed so far). Valid until the next call.
  std::span<const std::int32_t> banned();

 private:
  std::size_t bucket_of(std::int64_t start) const;

  const NoRepeatRule rule_;
  std::int64_t most_tokens_ = 0;
  std::vector<std::int32_t> tokens_;  // what the rule looks at
  std::vector<std::int64_t>
      latest_;  // bucket -> last start of an (n-1)-gram that has a follower; -1: none
  std::vector<std::int64_t> earlier_;  // start -> the start before it in the same bucket
  std::vector<std::int32_t> banned_;
};

}  // namespace lectio
