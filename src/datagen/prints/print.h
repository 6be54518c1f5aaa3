// SPDX-License-Identifier: Apache-2.0
// Prints: drawn pages of text whose every character's place is known. What the reading model learns
// from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "datagen/corpus/corpus.h"
#include "media/render/fonts.h"
#include "media/render/glyph_cache.h"

namespace lectio {

struct PrintRecipe {
  std::int64_t width = 512;  // pixels
  std::int64_t height = 512;
  std::int64_t min_chars = 300;
  std::int64_t max_chars = 800;
  double random_text = 0.5;  // share of prints without a language prior
  bool fill_page =
      true;  // the font size makes the text fill the page; otherwise half to all of that size
  double degrade = 0.3;  // share of prints with mild blur, noise, shade or loss of contrast
  double returning = 0;  // share of prints of running text whose phrases return (text_source.h)
};

// Pixels of the print. Across, the advance box; down, the x-height band, or up to the height of
// capitals for capitals and digits. A line feed's box is empty.
struct CharBox {
  float x0 = 0, x1 = 0;
  float top = 0, bottom = 0;
  std::int64_t byte_begin = 0;  // of the character in the text
};

struct Print {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> grey;  // [height, width]
  // What is visible, in reading order: lines of a paragraph joined by a space, paragraphs and
  // headings by "\n".
  std::string text;
  std::vector<CharBox> boxes;  // one a code point of text
  bool natural = false;        // running text rather than random
};

// Immutable after create; any number of threads may make prints, each with its own cache.
class PrintFactory {
 public:
  // Fonts without all of printable ASCII are left out, with a warning in the log. kInvalidInput
  // where no font remains or the split of the corpus is empty.
  static Result<PrintFactory> create(std::vector<FontRef> fonts,
                                     std::shared_ptr<const Corpus> corpus, Corpus::Split split);

  // A pure function of the seed and the recipe. The text may be shorter than min_chars only where
  // the page cannot hold so much at 5 pixels an em. Sizes and character counts of the recipe must
  // be positive.
  Print make(std::uint64_t seed, const PrintRecipe& recipe, GlyphCache& cache) const;

  const std::vector<FontRef>& fonts() const { return fonts_; }

 private:
  PrintFactory() = default;

  std::vector<FontRef> fonts_;
  std::vector<float> mean_advances_;  // em a character of English text, by font
  std::shared_ptr<const Corpus> corpus_;
  Corpus::Split split_ = Corpus::Split::kTrain;
};

}  // namespace lectio
