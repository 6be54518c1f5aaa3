// SPDX-License-Identifier: Apache-2.0
// Probabilities of tokens to those of pieces of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ocr/document/document.h"
#include "ocr/pages/page.h"

namespace lectio {

// Looks at one page's text. A token that ends inside of a character belongs with those that
// complete it; tokens whose probability is not known do not count.
class TextConfidence {
 public:
  explicit TextConfidence(const PageText& text);

  // Over all tokens that touch text[begin, end); empty where none does.
  std::optional<Confidence> over(std::size_t begin, std::size_t end) const;
  std::optional<Confidence> whole() const;

 private:
  // Tokens that share bytes, and the bytes that they end at.
  struct Group {
    std::size_t end = 0;
    double log_sum = 0;
    double log_lowest = 0;
    std::int64_t known = 0;
  };
  std::vector<Group> groups_;
};

}  // namespace lectio
