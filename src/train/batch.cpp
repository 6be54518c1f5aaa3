// SPDX-License-Identifier: Apache-2.0
#include "train/batch.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/splitmix.h"
#include "datagen/documents/grounded.h"
#include "train/page_views.h"
#include "train/slots.h"

namespace lectio::train {
namespace {

// A byte of the answer and the vision slot that shows what it says.
struct Pointer {
  std::int64_t byte = 0, slot = 0;
};

// One sample before it is padded to its batch.
struct Sample {
  std::string text;  // of the page; views have a box for each of its characters
  PageViews views;
  std::string answer;  // what is asked for
  std::vector<Pointer> pointers;
  std::vector<TokenId> ids;  // of the answer
  std::vector<TeachingStep> steps;
};

std::uint8_t cell_class(std::string_view text, std::int64_t byte) {
  const auto c = static_cast<unsigned char>(text[static_cast<std::size_t>(byte)]);
  if (c > 0x20 && c < 0x7F) return static_cast<std::uint8_t>(c - 0x20);
  return c <= 0x20 ? 0 : 95;
}

// Marks the cells whose centre lies inside a character's box.
void fill_cells(const PictureView& view, std::string_view text, std::uint8_t* cells) {
  const std::int64_t rows = view.height / kCellHeight, columns = view.width / kCellWidth;
  for (const CharBox& box : view.boxes) {
    const std::uint8_t value = cell_class(text, box.byte_begin);
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

// For each token the slot of its first byte that has one, else kIgnore.
std::vector<std::int64_t> token_slots(const Sample& sample, const Tokenizer& tokenizer) {
  std::vector<std::int64_t> slots;
  slots.reserve(sample.ids.size());
  auto pointer = sample.pointers.begin();
  std::int64_t begin = 0;
  for (const TokenId id : sample.ids) {
    const std::int64_t end = begin + static_cast<std::int64_t>(tokenizer.token_bytes(id).size());
    while (pointer != sample.pointers.end() && pointer->byte < begin) ++pointer;
    const bool found = pointer != sample.pointers.end() && pointer->byte < end;
    slots.push_back(found ? pointer->slot : kIgnore);
    begin = end;
  }
  return slots;
}

// Texts of one batch are of about the same length, so that little of it is padding.
constexpr double kLengthBand = 1.4;
// So many pages a wanted one are drawn for a grid; a batch whose first page has a rare shape starts
// again.
constexpr std::uint64_t kDrawsForGrid = 6;

template <typename PageRecipe>
PageRecipe narrowed(PageRecipe recipe, std::uint64_t seed) {
  Random random(splitmix64(seed ^ 0x6C656E67'74687321ULL));
  const auto least = static_cast<double>(recipe.min_chars);
  const auto most = static_cast<double>(recipe.max_chars);
  const double low = random.uniform(least, std::max(least, most / kLengthBand));
  recipe.min_chars = static_cast<std::int64_t>(low);
  recipe.max_chars = static_cast<std::int64_t>(std::min(most, low * kLengthBand));
  return recipe;
}

// Draws the pages of one batch, one after the other.
class PageDrawer {
 public:
  PageDrawer(const BatchMaker& maker, const Level& level, bool natural, std::uint64_t seed,
             GlyphCache& cache)
      : maker_(maker),
        level_(level),
        document_(narrowed(level.document, seed)),
        print_(narrowed(level.print, seed)),
        seed_(splitmix64(seed)),
        grounded_(Random(splitmix64(seed ^ 0x67726F75'6E646564ULL)).chance(level.grounded)),
        cache_(cache) {
    document_.random_text = print_.random_text = natural ? 0.0 : 1.0;
  }

  // False where the page does not fit the batch.
  bool draw(std::uint64_t number, Sample& sample) {
    if (!level_.mode) {
      Print print = maker_.prints.make(seed_ + number, print_, cache_);
      sample.views.global = as_view(print);
      sample.text = std::move(print.text);
      ask_for_text(sample);
      return !sample.text.empty();
    }
    documents::DocumentPrint drawn = maker_.document_prints.make(seed_ + number, document_, cache_);
    Print& page = drawn.page;
    const Result<ViewPlan> plan = plan_views(Family::kV1, page.width, page.height, *level_.mode);
    LECTIO_CHECK(static_cast<bool>(plan), "level " + level_.name);
    if (mode_sizes(Family::kV1, *level_.mode)->crop && !plan->tiles) return false;
    if (!grid_) grid_ = plan->tiles;
    if (grid_ != plan->tiles) return false;
    documents::GroundedText grounded;
    if (grounded_) grounded = documents::grounded_text(drawn);
    // Corners go into the views as boxes without size behind those of the characters.
    const std::size_t chars = page.boxes.size();
    for (const documents::CornerDigit& digit : grounded.corners) {
      page.boxes.push_back({digit.x, digit.x, digit.y, digit.y, 0});
    }
    Result<PageViews> views = cut_page(page, *plan);
    if (!views) return false;
    sample.views = *std::move(views);
    sample.text = std::move(page.text);
    tile_side_ = plan->tile_side;
    if (grounded_) {
      ask_for_markdown(sample, std::move(grounded), chars);
    } else {
      ask_for_text(sample);
    }
    return true;
  }

  const std::vector<TokenId>& prompt() const {
    return grounded_ ? maker_.markdown_prompt : maker_.text_prompt;
  }

  // The next page decides the grid anew.
  void restart() { grid_.reset(); }
  std::int64_t tile_side() const { return tile_side_; }

 private:
  void ask_for_text(Sample& sample) const {
    sample.answer = sample.text;
    const std::vector<CharBox>& boxes = sample.views.global.boxes;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      if (cell_class(sample.text, boxes[i].byte_begin) == 0) continue;
      sample.pointers.push_back(
          {boxes[i].byte_begin, char_slot(sample.views, tile_side_, static_cast<std::int64_t>(i))});
    }
  }

  // views hold `chars` boxes of characters, then those of the corners, which they lose.
  void ask_for_markdown(Sample& sample, documents::GroundedText grounded, std::size_t chars) const {
    PageViews& views = sample.views;
    for (const documents::ShownChar& c : grounded.shown) {
      sample.pointers.push_back({c.byte, char_slot(views, tile_side_, c.box)});
    }
    for (std::size_t i = 0; i < grounded.corners.size(); ++i) {
      const CharBox& corner = views.global.boxes[chars + i];
      sample.pointers.push_back(
          {grounded.corners[i].byte, point_slot(views, corner.x0, corner.top)});
    }
    std::ranges::sort(sample.pointers, {}, &Pointer::byte);
    views.global.boxes.resize(chars);
    if (!views.sheet.grey.empty()) views.sheet.boxes.resize(chars);
    sample.answer = std::move(grounded.text);
  }

  const BatchMaker& maker_;
  const Level& level_;
  documents::DocumentRecipe document_;
  PrintRecipe print_;
  std::uint64_t seed_;
  bool grounded_;
  GlyphCache& cache_;
  std::optional<TileGrid> grid_;  // of the first page that has one
  std::int64_t tile_side_ = 0;
};

// One plane a sample and its cells, stacked.
void stack_views(const std::vector<Sample>& samples, PictureView PageViews::*which,
                 torch::Tensor& grey, torch::Tensor& cells) {
  const PictureView& first = samples.front().views.*which;
  if (first.grey.empty()) return;
  const auto b = static_cast<std::int64_t>(samples.size());
  grey = torch::empty({b, first.height, first.width}, torch::kUInt8);
  cells = torch::zeros({b, first.height / kCellHeight, first.width / kCellWidth}, torch::kUInt8);
  for (std::int64_t i = 0; i < b; ++i) {
    const Sample& sample = samples[static_cast<std::size_t>(i)];
    const PictureView& view = sample.views.*which;
    LECTIO_CHECK(static_cast<std::int64_t>(view.grey.size()) == first.height * first.width,
                 "view size");
    std::copy(view.grey.begin(), view.grey.end(), grey[i].data_ptr<std::uint8_t>());
    fill_cells(view, sample.text, cells[i].data_ptr<std::uint8_t>());
  }
}

}  // namespace

Batch BatchMaker::make(const Level& level, std::int64_t level_index, bool natural,
                       std::uint64_t seed, GlyphCache& cache) const {
  PageDrawer drawer(*this, level, natural, seed, cache);
  const std::vector<TokenId>& prompt = drawer.prompt();
  const auto prompt_length = static_cast<std::int64_t>(prompt.size());
  std::vector<Sample> samples;
  std::int64_t longest = 0;
  Random spoiling(splitmix64(seed ^ 0x73706F69'6C696E67ULL));
  for (std::uint64_t draw = 0; static_cast<std::int64_t>(samples.size()) < level.batch; ++draw) {
    LECTIO_CHECK(draw < static_cast<std::uint64_t>(100 * level.batch),
                 "level " + level.name + ": samples that do not fit");
    if (draw > 0 && draw % (kDrawsForGrid * static_cast<std::uint64_t>(level.batch)) == 0) {
      samples.clear();
      longest = 0;
      drawer.restart();
    }
    Sample sample;
    if (!drawer.draw(draw, sample)) continue;
    sample.ids = tokenizer.encode(sample.answer);
    const auto length = prompt_length + static_cast<std::int64_t>(sample.ids.size());
    if (length > level.max_tokens) continue;
    sample.steps = teach(prompt.back(), sample.ids, token_slots(sample, tokenizer), eos);
    if (spoiling.chance(level.spoiled_share)) {
      const auto most = static_cast<std::size_t>(level.max_tokens - prompt_length + 1);
      spoil(sample.steps, tokenizer.size(), most, level.covered, spoiling);
    }
    longest = std::max(longest, prompt_length - 1 + static_cast<std::int64_t>(sample.steps.size()));
    samples.push_back(std::move(sample));
  }
  const std::int64_t t = (longest + 63) / 64 * 64, b = level.batch;
  Batch batch;
  batch.level = level_index;
  batch.natural = natural;
  batch.tile_side = drawer.tile_side();
  stack_views(samples, &PageViews::global, batch.grey, batch.cells);
  stack_views(samples, &PageViews::sheet, batch.sheet, batch.sheet_cells);
  batch.ids = torch::full({b, t}, static_cast<std::int64_t>(eos), torch::kInt64);
  batch.targets = torch::full({b, t}, kIgnore, torch::kInt64);
  batch.slots = torch::full({b, t}, kIgnore, torch::kInt64);
  Random guessing(splitmix64(seed ^ 0x67756573'73696E67ULL));
  const bool guesses = guessing.chance(level.guessed_share);
  if (guesses) batch.guessed = torch::zeros({b, t}, torch::kBool);
  for (std::int64_t i = 0; i < b; ++i) {
    const Sample& sample = samples[static_cast<std::size_t>(i)];
    std::int64_t* ids = batch.ids.data_ptr<std::int64_t>() + i * t;
    std::int64_t* targets = batch.targets.data_ptr<std::int64_t>() + i * t;
    std::int64_t* slots = batch.slots.data_ptr<std::int64_t>() + i * t;
    std::copy(prompt.begin(), prompt.end(), ids);
    for (std::size_t k = 0; k < sample.steps.size(); ++k) {
      const std::int64_t at = prompt_length - 1 + static_cast<std::int64_t>(k);
      ids[at] = sample.steps[k].input;
      targets[at] = sample.steps[k].target;
      slots[at] = sample.steps[k].slot;
    }
    if (!guesses) continue;
    const std::vector<bool> guessed = draw_guessed(sample.steps.size(), guessing);
    bool* marks = batch.guessed.data_ptr<bool>() + i * t + prompt_length - 1;
    std::copy(guessed.begin(), guessed.end(), marks);
  }
  return batch;
}

}  // namespace lectio::train
