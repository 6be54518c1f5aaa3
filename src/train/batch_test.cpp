// SPDX-License-Identifier: Apache-2.0
#include "train/batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "media/render/test_fonts.h"
#include "model/tokenizer/bpe_trainer.h"

namespace lectio::train {
namespace {

constexpr const char* kTextPrompt = "\nFree OCR.";
constexpr const char* kMarkdownPrompt = "\n<|grounding|>Convert the document to markdown.";

std::string sentences() {
  std::string text;
  for (int i = 0; i < 600; ++i) {
    text += "In the year " + std::to_string(1000 + i) +
            " the library was moved, and its charts went to a larger building by the river.";
    text += i % 3 == 0 ? "\n\n" : " ";
  }
  return text;
}

Tokenizer small_tokenizer() {
  BpeTraining training;
  training.vocabulary = 400;
  const std::string text = sentences();
  const std::string_view view = text;
  const Result<std::string> json = train_bpe(std::span(&view, 1), training);
  if (!json) throw std::runtime_error(json.error().message());
  return *Tokenizer::from_json(*json, "tokenizer.json");
}

class BatchTest : public ::testing::Test {
 protected:
  BatchTest() {
    level_.name = "documents";
    level_.mode = Mode::kBase;
    level_.document.min_side = 500;
    level_.document.max_side = 700;
    level_.document.min_chars = 200;
    level_.document.max_chars = 700;
    level_.document.empty = 0;
    level_.batch = 3;
    level_.max_tokens = 1000;
  }

  Batch make() {
    const BatchMaker maker{prints_, documents_, tokenizer_, tokenizer_.encode(kTextPrompt),
                           tokenizer_.encode(kMarkdownPrompt)};
    GlyphCache cache;
    return maker.make(level_, 0, true, 11, cache);
  }
  // Of one page: the prompt, then what is asked for, token by token.
  std::string asked(const Batch& batch, std::int64_t page) const {
    std::string text;
    for (std::int64_t i = 0; i < batch.targets.size(1); ++i) {
      const auto target = batch.targets[page][i].item<std::int64_t>();
      if (target == kIgnore || target == 1) continue;
      text += tokenizer_.token_bytes(static_cast<TokenId>(target));
    }
    return text;
  }
  void expect_prompt(const Batch& batch, const char* prompt) const {
    const std::vector<TokenId> ids = tokenizer_.encode(prompt);
    for (std::int64_t page = 0; page < level_.batch; ++page) {
      for (std::size_t i = 0; i < ids.size(); ++i) {
        ASSERT_EQ(batch.ids[page][static_cast<std::int64_t>(i)].item<std::int64_t>(), ids[i]);
      }
    }
  }

  std::shared_ptr<const Corpus> corpus_ =
      std::make_shared<const Corpus>(*Corpus::from_text(sentences()));
  PrintFactory prints_ = *PrintFactory::create({sans()}, corpus_, Corpus::Split::kTrain);
  documents::DocumentFactory documents_ =
      *documents::DocumentFactory::create({sans(), mono()}, corpus_, Corpus::Split::kTrain);
  Tokenizer tokenizer_ = small_tokenizer();
  Level level_;
};

TEST_F(BatchTest, TextIsAskedForWithoutMarks) {
  const Batch batch = make();
  expect_prompt(batch, kTextPrompt);
  for (std::int64_t page = 0; page < level_.batch; ++page) {
    const std::string text = asked(batch, page);
    EXPECT_GT(text.size(), 100U);
    EXPECT_EQ(text.find("<|"), std::string::npos);
  }
}

TEST_F(BatchTest, CoordinatesOfMarkdownPointIntoThePicture) {
  level_.grounded = 1;
  const Batch batch = make();
  expect_prompt(batch, kMarkdownPrompt);
  const TokenId det = *tokenizer_.id_of("<|det|>"), end = *tokenizer_.id_of("<|/det|>");
  const std::int64_t columns = 1024 / 64 + 1;
  std::int64_t corners = 0;
  for (std::int64_t page = 0; page < level_.batch; ++page) {
    EXPECT_EQ(asked(batch, page).rfind("<|ref|>", 0), 0U);
    std::vector<std::int64_t> slots;  // of the digits of one item
    bool inside = false;
    for (std::int64_t i = 0; i < batch.targets.size(1); ++i) {
      const auto target = batch.targets[page][i].item<std::int64_t>();
      const auto slot = batch.slots[page][i].item<std::int64_t>();
      if (target == kIgnore) continue;
      const std::string_view bytes = tokenizer_.token_bytes(static_cast<TokenId>(target));
      const bool digit = bytes.size() == 1 && bytes[0] >= '0' && bytes[0] <= '9';
      if (target == det) slots.clear();
      inside = target == det || (inside && target != end);
      if (inside) {
        ASSERT_EQ(slot != kIgnore, digit) << bytes;
      }
      if (inside && digit) slots.push_back(slot);
      if (target != end) continue;
      // The first digit tells of the upper left corner, the last one of the lower right.
      ASSERT_GE(slots.size(), 4U);
      ASSERT_LE(slots.front() / columns, slots.back() / columns);
      ASSERT_LE(slots.front() % columns, slots.back() % columns);
      corners += 2;
    }
  }
  EXPECT_GT(corners, 8);
}

}  // namespace
}  // namespace lectio::train
