// SPDX-License-Identifier: Apache-2.0
// Learns a byte-level BPE from text and writes it as tokenizer.json.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lectio {

// The three Split expressions of spec 10.1, except that digits stand alone: a small model reads
// them one by one.
std::vector<std::string> single_digit_expressions();

struct BpeTraining {
  // Ids in all, in the order leading, 256 bytes, merges, trailing. Text that has fewer pairs to
  // merge gives fewer.
  std::int64_t vocabulary = 1024;
  std::int64_t min_count = 2;  // a pair that is rarer is not merged
  std::vector<std::string> leading = {"<\uFF5Cbegin\u2581of\u2581sentence\uFF5C>",
                                      "<\uFF5Cend\u2581of\u2581sentence\uFF5C>",
                                      "<\uFF5C\u2581pad\u2581\uFF5C>"};
  std::vector<std::string> trailing = {"<image>",  "<|ref|>",       "<|/ref|>", "<|det|>",
                                       "<|/det|>", "<|grounding|>", "<td>",     "</td>",
                                       "<tr>",     "</tr>"};
  std::vector<std::string> expressions = single_digit_expressions();
};

// The text of a tokenizer.json. Deterministic: the order of the chunks does not matter, equal
// counts are decided by the smaller ids. kInvalidArgument where the vocabulary has no room,
// kInvalidModel for a broken expression.
Result<std::string> train_bpe(std::span<const std::string_view> chunks,
                              const BpeTraining& training);

}  // namespace lectio
