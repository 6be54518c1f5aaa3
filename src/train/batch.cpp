// SPDX-License-Identifier: Apache-2.0
#include "train/batch.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/splitmix.h"

namespace lectio::train {
namespace {

// One sample before it is padded to its batch.
struct Sample {
  Print print;
  std::vector<TokenId> ids;         // of the text
  std::vector<std::int64_t> slots;  // a token
};

std::uint8_t cell_class(std::string_view text, std::int64_t byte) {
  const auto c = static_cast<unsigned char>(text[static_cast<std::size_t>(byte)]);
  if (c > 0x20 && c < 0x7F) return static_cast<std::uint8_t>(c - 0x20);
  return c <= 0x20 ? 0 : 95;
}

// Marks the cells whose centre lies inside a character's box.
void fill_cells(const Print& print, std::uint8_t* cells) {
  const std::int64_t rows = print.height / kCellHeight, columns = print.width / kCellWidth;
  for (const CharBox& box : print.boxes) {
    const std::uint8_t value = cell_class(print.text, box.byte_begin);
    if (value == 0) continue;
    const auto first = [](float edge, std::int64_t size) {
      return static_cast<std::int64_t>(std::ceil(edge / static_cast<float>(size) - 0.5F));
    };
    const std::int64_t y1 = std::min(first(box.bottom, kCellHeight), rows);
    const std::int64_t x1 = std::min(first(box.x1, kCellWidth), columns);
    for (std::int64_t y = std::max<std::int64_t>(first(box.top, kCellHeight), 0); y < y1; ++y) {
      for (std::int64_t x = std::max<std::int64_t>(first(box.x0, kCellWidth), 0); x < x1; ++x) {
        cells[y * columns + x] = value;
      }
    }
  }
}

// The vision slot (rows of g_w features and a newline) that holds the centre of a character.
std::int64_t slot_of(const CharBox& box, std::int64_t width, std::int64_t height) {
  const std::int64_t gw = width / 64, gh = height / 64;
  const auto x = static_cast<std::int64_t>((box.x0 + box.x1) * 0.5F / 64.0F);
  const auto y = static_cast<std::int64_t>((box.top + box.bottom) * 0.5F / 64.0F);
  return std::clamp<std::int64_t>(y, 0, gh - 1) * (gw + 1) + std::clamp<std::int64_t>(x, 0, gw - 1);
}

// For each token the slot of its first character that is drawn; kIgnore where it has none.
std::vector<std::int64_t> token_slots(const Print& print, const std::vector<TokenId>& ids,
                                      const Tokenizer& tokenizer) {
  std::vector<std::int64_t> slots;
  slots.reserve(ids.size());
  std::size_t box = 0;
  std::int64_t begin = 0;
  for (const TokenId id : ids) {
    const std::int64_t end = begin + static_cast<std::int64_t>(tokenizer.token_bytes(id).size());
    while (box < print.boxes.size() && print.boxes[box].byte_begin < begin) ++box;
    std::size_t drawn = box;
    while (drawn < print.boxes.size() && print.boxes[drawn].byte_begin < end &&
           cell_class(print.text, print.boxes[drawn].byte_begin) == 0) {
      ++drawn;
    }
    const bool found = drawn < print.boxes.size() && print.boxes[drawn].byte_begin < end;
    slots.push_back(found ? slot_of(print.boxes[drawn], print.width, print.height) : kIgnore);
    begin = end;
  }
  return slots;
}

}  // namespace

Batch BatchMaker::make(const Level& level, std::int64_t level_index, bool natural,
                       std::uint64_t seed, GlyphCache& cache) const {
  PrintRecipe recipe = level.print;
  recipe.random_text = natural ? 0.0 : 1.0;
  const auto prompt_length = static_cast<std::int64_t>(prompt.size());
  std::vector<Sample> samples;
  std::int64_t longest = 0;
  for (std::uint64_t draw = 0; static_cast<std::int64_t>(samples.size()) < level.batch; ++draw) {
    LECTIO_CHECK(draw < static_cast<std::uint64_t>(100 * level.batch),
                 "level " + level.name + ": samples too long");
    Sample sample;
    sample.print = prints.make(splitmix64(seed) + draw, recipe, cache);
    sample.ids = tokenizer.encode(sample.print.text);
    const auto length = prompt_length + static_cast<std::int64_t>(sample.ids.size());
    if (sample.ids.empty() || length > level.max_tokens) continue;
    sample.slots = token_slots(sample.print, sample.ids, tokenizer);
    longest = std::max(longest, length);
    samples.push_back(std::move(sample));
  }
  const std::int64_t t = (longest + 63) / 64 * 64, b = level.batch;
  Batch batch;
  batch.level = level_index;
  batch.natural = natural;
  const std::int64_t h = recipe.height, w = recipe.width,
                     cells = h / kCellHeight * (w / kCellWidth);
  batch.grey = torch::empty({b, h, w}, torch::kUInt8);
  batch.cells = torch::zeros({b, h / kCellHeight, w / kCellWidth}, torch::kUInt8);
  batch.ids = torch::full({b, t}, static_cast<std::int64_t>(eos), torch::kInt64);
  batch.targets = torch::full({b, t}, kIgnore, torch::kInt64);
  batch.slots = torch::full({b, t}, kIgnore, torch::kInt64);
  for (std::int64_t i = 0; i < b; ++i) {
    const Sample& sample = samples[static_cast<std::size_t>(i)];
    LECTIO_CHECK(static_cast<std::int64_t>(sample.print.grey.size()) == h * w, "print size");
    std::copy(sample.print.grey.begin(), sample.print.grey.end(),
              batch.grey.data_ptr<std::uint8_t>() + i * h * w);
    fill_cells(sample.print, batch.cells.data_ptr<std::uint8_t>() + i * cells);
    std::int64_t* ids = batch.ids.data_ptr<std::int64_t>() + i * t;
    std::int64_t* targets = batch.targets.data_ptr<std::int64_t>() + i * t;
    std::int64_t* slots = batch.slots.data_ptr<std::int64_t>() + i * t;
    std::copy(prompt.begin(), prompt.end(), ids);
    const auto n = static_cast<std::int64_t>(sample.ids.size());
    for (std::int64_t k = 0; k <= n; ++k) {
      const std::int64_t at = prompt_length - 1 + k;
      targets[at] = k < n ? sample.ids[static_cast<std::size_t>(k)] : eos;
      if (k < n) {
        ids[at + 1] = sample.ids[static_cast<std::size_t>(k)];
        slots[at] = sample.slots[static_cast<std::size_t>(k)];
      }
    }
  }
  return batch;
}

}  // namespace lectio::train
