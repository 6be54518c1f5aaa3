// SPDX-License-Identifier: Apache-2.0
// The words of one document: a passage taken piece by piece, and the small texts around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/splitmix.h"
#include "datagen/corpus/corpus.h"
#include "media/render/fonts.h"

namespace lectio::documents {

// All that it gives can be shown by the font, has no space at either end and no two together.
class Writer {
 public:
  // Words of more than longest_word characters are left out. `returning`: share of words in phrases
  // that return.
  Writer(Random& random, const Corpus& corpus, Corpus::Split split, const Font& font, bool natural,
         double returning, std::int64_t longest_word)
      : random_(random),
        corpus_(corpus),
        split_(split),
        font_(font),
        natural_(natural),
        returning_(returning),
        longest_word_(longest_word),
        accents_(random.chance(0.06) ? random.uniform(0.02, 0.15) : 0),
        signs_(random.chance(0.06) ? random.uniform(0.01, 0.06) : 0) {}

  // The next paragraph, ended early behind a sentence or word where it is longer. Never empty.
  std::string paragraph(std::int64_t max_chars);
  // Up to so many consecutive words of a sentence, first letter in upper case, no full stop.
  std::string phrase(std::int64_t min_words, std::int64_t max_words);
  // A phrase as titles are written: most words with a capital.
  std::string title(std::int64_t min_words, std::int64_t max_words);
  std::string word();         // letters alone
  std::string capitalised();  // a word with a capital
  std::string person();       // "Anna K. Berg"

  bool shows(char32_t code) const { return font_.covers(code); }
  bool natural() const { return natural_; }

 private:
  void refill();
  void season();
  void append_accented(std::string& out, std::string_view word);

  Random& random_;
  const Corpus& corpus_;
  Corpus::Split split_;
  const Font& font_;
  bool natural_;
  double returning_;
  std::vector<std::string> phrases_;  // that return
  std::int64_t longest_word_;
  double accents_;  // share of words with a letter that English lacks
  double signs_;    // share of words that a sign follows
  std::string text_;
  std::size_t at_ = 0;
};

// Numbers as tables and headings have them.
std::string roman(std::int64_t number, bool capitals);  // 1 to 39
std::string letter(std::int64_t number, bool capital);  // 1 is "a"
std::string amount(Random& random);                     // "1,204", "37.5", "$18.00", "(412)", "7%"
std::string some_date(Random& random);                  // "March 31, 2019", "31.03.2019"
std::string web_address(Random& random, Writer& writer);

}  // namespace lectio::documents
