// SPDX-License-Identifier: Apache-2.0
// Notices, token by token, that a text has run into a loop: what it wrote, it writes again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ocr/pages/page.h"

namespace lectio {

// When a repetition counts as a loop. A page may really repeat itself (rows of dots, empty cells,
// ditto marks), so nothing is forbidden: a text is only stopped when it has gone on for longer than
// pages do.
struct LoopRule {
  bool watch = false;
  // So many tokens that only say again what stands one period before them.
  std::int64_t repeated_tokens = 160;
  // So many are enough where they have letters or digits and say a whole unit again.
  std::int64_t repeated_unit_tokens = 160;
  // So many empty cells may follow each other, in tokens that are `structural`; 0: as many as of
  // any other tokens. A loop of more is taken back to there.
  std::int64_t structural_tokens = 0;
  std::vector<std::int32_t> structural;
  // Letters and digits that the page's ink says again: a repetition of no more of them is true. A
  // loop of more is taken back to there.
  std::int64_t repeated_characters = 0;
  // Marks that are neither letters nor digits and stand in one row on the page, dots of a leader: a
  // repetition of no more of them is true. A loop of more is taken back to there.
  std::int64_t repeated_marks = 0;
  // Units of loops that were found in this text before; kKnownTokens of one again are a loop.
  std::vector<std::vector<std::int32_t>> known;
  // A loop takes back no more: whatever it is, it is found in time, or more of it is kept.
  std::int64_t most_wasted = 199;
  // So many groups of boxes in a row that lie on earlier boxes, or are none.
  std::int64_t bad_boxes = 6;
  // Letters and digits that the page has ink for; 0: not known. Far beyond it, numbers that count
  // on and text that never ends are loops too.
  std::int64_t page_characters = 0;
};

// Follows one sequence. Per token it compares with each of the last kLongestPeriod tokens, which is
// nothing beside a step of a network. One thread at a time.
class LoopDetector {
 public:
  static constexpr std::int64_t kLongestPeriod = 512;
  static constexpr std::int64_t kKnownTokens = 12;

  // The bytes of a token, as Tokenizer::token_bytes.
  using TokenBytes = std::function<std::string_view(std::int32_t)>;

  LoopDetector(LoopRule rule, TokenBytes bytes);

  // What the text begins with: it is compared with, and no loop takes any of it back. Before push.
  void begin_with(std::span<const std::int32_t> prefix);
  // True once a loop is found; nothing may be pushed after that.
  bool push(std::int32_t token);
  const std::optional<LoopSpan>& found() const { return found_; }
  // How many tokens from the first on no loop will take back, however the text goes on.
  std::int64_t settled() const;

 private:
  // For each period, how many of the last symbols equal the one a period before.
  class Matches {
   public:
    void push(std::int32_t symbol);
    std::int64_t at(std::int64_t period) const { return run_[static_cast<std::size_t>(period)]; }
    std::int64_t longest() const { return longest_; }
    std::int64_t count() const { return static_cast<std::int64_t>(symbols_.size()); }
    std::int32_t symbol(std::int64_t i) const { return symbols_[static_cast<std::size_t>(i)]; }

   private:
    std::vector<std::int32_t> symbols_;
    std::vector<std::int32_t> run_ = std::vector<std::int32_t>(kLongestPeriod + 1, 0);
    std::int32_t longest_ = 0;
  };
  struct Box {
    std::int64_t x1, y1, x2, y2;
  };

  void follow(std::int32_t token);
  void count_characters(std::string_view bytes);
  void follow_boxes(std::string_view bytes);
  void end_of_boxes();
  void take_number();
  bool is_new(const Box& box) const;
  bool is_known(std::int64_t period) const;
  std::int64_t limit_of(std::int64_t begin, std::int64_t period) const;
  std::int64_t true_until(std::int64_t begin, std::int64_t period) const;
  std::int64_t leader_behind(std::int64_t second) const;
  std::int64_t wasted_behind(std::int64_t keep) const;
  void find(LoopKind kind, std::int64_t begin, std::int64_t period, std::int64_t keep);
  void look_for_tokens();
  void look_for_numbers();
  void look_for_boxes();
  void look_for_surplus();

  const LoopRule rule_;
  const TokenBytes bytes_;
  std::optional<LoopSpan> found_;

  Matches tokens_;
  Matches shapes_;                         // the same text with every number as one symbol
  std::vector<std::int64_t> shape_begin_;  // symbol of shapes_ -> its first token

  std::int64_t prefix_ = 0;
  std::int64_t structural_run_ = 0;       // of the last tokens, those that are structural
  std::vector<std::int64_t> characters_;  // one a token: letters and digits up to its end
  std::vector<std::int64_t> marks_;       // the same of what is neither, nor a space
  std::int64_t beyond_page_ = -1;  // the token that passed what the page can hold; -1: none yet

  bool in_boxes_ = false;
  std::int64_t label_begin_ = -1;  // token of the <|ref|> that waits for its boxes; -1: none
  std::int64_t label_end_ = -1;
  std::int64_t group_begin_ = 0;
  std::optional<std::int64_t> number_;
  std::vector<std::int64_t> numbers_;
  std::vector<Box> boxes_;
  std::vector<std::int64_t> bad_begins_;  // of the groups without a new box since the last that had
};

}  // namespace lectio
