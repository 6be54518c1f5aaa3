// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/document.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "datagen/documents/grounded.h"
#include "media/render/test_fonts.h"

namespace lectio::documents {
namespace {

std::shared_ptr<const Corpus> test_corpus() {
  std::string text;
  for (int i = 0; i < 1500; ++i) {
    text +=
        "In the year " + std::to_string(1000 + i) +
        " the \u201Cold\u201D library of M\u00FCnster was moved \u2014 all of its remarkable "
        "volumes, manuscripts and well-known charts \u2014 to a considerably larger building. "
        "Several containers were unfortunately forgotten along the way, as everybody remembers.";
    text += i % 3 == 0 ? "\n\n" : " ";
  }
  return std::make_shared<const Corpus>(*Corpus::from_text(text));
}

// Opened once: fonts take their time.
const DocumentFactory& test_factory() {
  static const DocumentFactory kFactory = [] {
    Result<DocumentFactory> factory =
        DocumentFactory::create({sans(), mono(), test_font("DejaVuSans-Bold"),
                                 test_font("DejaVuSerif"), test_font("DejaVuSerif-Bold")},
                                test_corpus(), Corpus::Split::kTrain);
    if (!factory) throw std::runtime_error(factory.error().message());
    return *std::move(factory);
  }();
  return kFactory;
}

// Small pages, so that many are drawn quickly.
DocumentRecipe small_recipe() {
  DocumentRecipe recipe;
  recipe.min_side = 500;
  recipe.max_side = 800;
  recipe.min_chars = 300;
  recipe.max_chars = 1600;
  recipe.degrade = 0;
  return recipe;
}

constexpr std::uint64_t kPages = 150;

TEST(Document, EveryCharacterHasABoxOnThePage) {
  const DocumentFactory& factory = test_factory();
  DocumentRecipe recipe = small_recipe();
  recipe.degrade = 0.5;
  GlyphCache cache;
  for (std::uint64_t seed = 0; seed < kPages; ++seed) {
    SCOPED_TRACE(seed);
    const Print page = factory.make(seed, recipe, cache).page;
    ASSERT_EQ(static_cast<std::int64_t>(page.grey.size()), page.width * page.height);
    ASSERT_EQ(static_cast<std::int64_t>(page.boxes.size()), count_code_points(page.text));
    ASSERT_LE(static_cast<std::int64_t>(page.boxes.size()), recipe.max_chars);
    std::size_t at = 0;
    for (const CharBox& box : page.boxes) {
      ASSERT_EQ(box.byte_begin, static_cast<std::int64_t>(at));
      at += decode_utf8(page.text, at).size;
      ASSERT_TRUE(0 <= box.x0 && box.x0 <= box.x1 && box.x1 <= static_cast<float>(page.width));
      ASSERT_TRUE(0 <= box.top && box.top <= box.bottom &&
                  box.bottom <= static_cast<float>(page.height));
    }
    ASSERT_EQ(page.text.find("  "), std::string::npos);
    ASSERT_EQ(page.text.find("\n\n"), std::string::npos);
    ASSERT_EQ(page.text.find(" \n"), std::string::npos);
  }
}

// How much darker or lighter than the paper around it a pixel is, by a picture of all pixels.
class InkMap {
 public:
  InkMap(const DocumentPrint& document, std::uint8_t paper)
      : page_(document.page),
        paper_(paper),
        explained_(page_.grey.size()) {}

  void explain(float x0, float y0, float x1, float y1) {
    const auto clip = [](float v, std::int64_t size) {
      return std::clamp<std::int64_t>(static_cast<std::int64_t>(v), 0, size);
    };
    for (std::int64_t y = clip(y0, page_.height); y < clip(y1 + 1, page_.height); ++y) {
      for (std::int64_t x = clip(x0, page_.width); x < clip(x1 + 1, page_.width); ++x) {
        explained_[static_cast<std::size_t>(y * page_.width + x)] = true;
      }
    }
  }
  std::int64_t unexplained() const {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < explained_.size(); ++i) {
      if (!explained_[i] && std::abs(page_.grey[i] - paper_) > 40) ++count;
    }
    return count;
  }
  // The range of levels in a box, one pixel wider.
  int contrast(const CharBox& box) const {
    int low = 255;
    int high = 0;
    const auto y_end = std::min<std::int64_t>(page_.height, std::llround(box.bottom) + 2);
    const auto x_end = std::min<std::int64_t>(page_.width, std::llround(box.x1) + 2);
    for (std::int64_t y = std::max<std::int64_t>(0, std::llround(box.top) - 2); y < y_end; ++y) {
      for (std::int64_t x = std::max<std::int64_t>(0, std::llround(box.x0) - 1); x < x_end; ++x) {
        const int level = page_.grey[static_cast<std::size_t>(y * page_.width + x)];
        low = std::min(low, level);
        high = std::max(high, level);
      }
    }
    return high - low;
  }

 private:
  const Print& page_;
  int paper_;
  std::vector<bool> explained_;
};

TEST(Document, AllTextIsInkAndAllInkIsTextOrArtwork) {
  const DocumentFactory& factory = test_factory();
  DocumentRecipe recipe = small_recipe();
  recipe.empty = 0;
  GlyphCache cache;
  for (std::uint64_t seed = 0; seed < kPages; ++seed) {
    SCOPED_TRACE(seed);
    const DocumentPrint document = factory.make(seed, recipe, cache);
    const Print& page = document.page;
    ASSERT_FALSE(page.boxes.empty());
    // The last corner is never written on.
    InkMap ink(document, page.grey.back());
    std::int64_t letters = 0;
    std::int64_t faint = 0;
    for (const CharBox& box : page.boxes) {
      const auto c =
          static_cast<unsigned char>(page.text[static_cast<std::size_t>(box.byte_begin)]);
      if (c <= ' ') continue;
      ++letters;
      if (ink.contrast(box) < 50) ++faint;
      const float em = (box.bottom - box.top) * 2.0F;  // at most; accents and descenders reach out
      ink.explain(box.x0 - 0.2F * em - 2, box.top - 0.5F * em, box.x1 + 0.2F * em + 2,
                  box.bottom + 0.4F * em);
    }
    for (const PixelBox& box : document.artwork)
      ink.explain(box.x0 - 2, box.y0 - 2, box.x1 + 2, box.y1 + 2);
    ASSERT_LE(faint, letters / 100) << page.text;
    ASSERT_EQ(ink.unexplained(), 0) << page.text;
  }
}

TEST(Document, BoxesLieOnTheirLetters) {
  const DocumentFactory& factory = test_factory();
  DocumentRecipe recipe = small_recipe();
  recipe.empty = 0;
  recipe.degrade = 0.5;
  GlyphCache cache;
  for (std::uint64_t seed = 0; seed < kPages; ++seed) {
    const Print page = factory.make(seed, recipe, cache).page;
    double inside = 0;
    double pixels = 0;
    double all = 0;
    for (const CharBox& box : page.boxes) {
      if (page.text[static_cast<std::size_t>(box.byte_begin)] <= ' ') continue;
      for (auto y = std::llround(box.top); y < std::llround(box.bottom); ++y) {
        for (auto x = std::llround(box.x0); x < std::llround(box.x1); ++x) {
          inside += page.grey[static_cast<std::size_t>(y * page.width + x)];
          ++pixels;
        }
      }
    }
    for (const std::uint8_t level : page.grey) all += level;
    const double mean = inside / pixels;
    const double outside = (all - inside) / (static_cast<double>(page.grey.size()) - pixels);
    // Text on dark bars and inverted pages are few: most pages are much darker inside of the boxes.
    if (outside < 128) continue;
    ASSERT_LT(mean, outside - 15) << "seed " << seed;
  }
}

TEST(Document, BlocksCoverTheTextInOrder) {
  const DocumentFactory& factory = test_factory();
  GlyphCache cache;
  std::set<BlockKind> kinds;
  for (std::uint64_t seed = 0; seed < 2 * kPages; ++seed) {
    SCOPED_TRACE(seed);
    const DocumentPrint document = factory.make(seed, small_recipe(), cache);
    const std::string& text = document.page.text;
    std::int64_t at = 0;
    for (const Block& block : document.blocks) {
      kinds.insert(block.kind);
      ASSERT_LE(block.box.x0, block.box.x1);
      ASSERT_LE(block.box.y0, block.box.y1);
      if (block.kind == BlockKind::kFigure) continue;
      ASSERT_LT(block.byte_begin, block.byte_end);
      ASSERT_EQ(block.byte_begin, at == 0 ? 0 : at + 1);  // one separator
      at = block.byte_end;
    }
    ASSERT_EQ(at, static_cast<std::int64_t>(text.size()));
    for (const CharBox& box : document.page.boxes) {
      if (text[static_cast<std::size_t>(box.byte_begin)] <= ' ') continue;
      const auto block =
          std::find_if(document.blocks.begin(), document.blocks.end(), [&](const Block& b) {
            return b.byte_begin <= box.byte_begin && box.byte_begin < b.byte_end;
          });
      ASSERT_NE(block, document.blocks.end());
      ASSERT_LE(block->box.x0, box.x0 + 0.1F);
      ASSERT_GE(block->box.y1, box.bottom - 0.1F);
    }
  }
  EXPECT_EQ(kinds.size(), 11U) << "some kind of block never occurs";
}

// The baseline's place and a line's begin tell where lines wrap.
TEST(Document, LinesAreJoinedBySpacesAndDividedWordsByLineFeeds) {
  const DocumentFactory& factory = test_factory();
  DocumentRecipe recipe = small_recipe();
  recipe.empty = 0;
  recipe.random_text = 0;
  GlyphCache cache;
  std::int64_t divided = 0;
  std::int64_t wrapped = 0;
  for (std::uint64_t seed = 0; seed < kPages; ++seed) {
    SCOPED_TRACE(seed);
    const DocumentPrint document = factory.make(seed, recipe, cache);
    const std::string& text = document.page.text;
    for (const Block& block : document.blocks) {
      if (block.kind != BlockKind::kText || block.byte_begin == block.byte_end) continue;
      for (std::int64_t i = block.byte_begin + 1; i + 1 < block.byte_end; ++i) {
        const char c = text[static_cast<std::size_t>(i)];
        if (c == '\n') {
          ASSERT_EQ(text[static_cast<std::size_t>(i - 1)], '-');
          ++divided;
        }
      }
    }
    for (std::size_t i = 1; i + 1 < document.page.boxes.size(); ++i) {
      const CharBox& before = document.page.boxes[i - 1];
      const CharBox& after = document.page.boxes[i + 1];
      if (text[static_cast<std::size_t>(document.page.boxes[i].byte_begin)] != ' ') continue;
      if (after.x0 >= before.x1) continue;
      ++wrapped;
      const std::string around = text.substr(static_cast<std::size_t>(before.byte_begin), 3);
      ASSERT_FALSE(around == "- e" || around == "- a") << "a divided word must not be joined";
    }
    // Markdown divides a word only where the page ends inside of it.
    for (std::size_t at = 0; (at = document.markdown.find("-\n", at)) != std::string::npos; ++at) {
      ASSERT_EQ(document.markdown[at + 2], '\n');
    }
  }
  EXPECT_GT(divided, 100);
  EXPECT_GT(wrapped, 1000);
}

TEST(Document, TheSeedDecidesWhateverTheThreadAndTheCache) {
  const DocumentFactory& factory = test_factory();
  DocumentRecipe recipe = small_recipe();
  recipe.degrade = 0.7;
  constexpr std::uint64_t kSome = 40;
  GlyphCache cache;
  std::vector<DocumentPrint> expected;
  for (std::uint64_t seed = 0; seed < kSome; ++seed) {
    expected.push_back(factory.make(seed, recipe, cache));
  }
  std::vector<int> wrong(2, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      GlyphCache own(t % 2 == 0 ? 1 << 12 : 1 << 26);
      for (std::uint64_t i = 0; i < kSome; ++i) {
        const std::uint64_t seed = (i * 7 + t) % kSome;
        const DocumentPrint document = factory.make(seed, recipe, own);
        const DocumentPrint& other = expected[seed];
        if (document.page.grey != other.page.grey || document.page.text != other.page.text ||
            document.markdown != other.markdown) {
          ++wrong[t];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(2, 0));
  EXPECT_NE(expected[0].page.grey, expected[1].page.grey);
}

TEST(Document, PagesHoldAboutAsMuchAsWantedAtSizesThatPagesHave) {
  const DocumentFactory& factory = test_factory();
  DocumentRecipe recipe;
  recipe.min_side = 1000;
  recipe.max_side = 1200;
  recipe.min_chars = 2500;
  recipe.max_chars = 4500;
  recipe.degrade = recipe.empty = 0;
  GlyphCache cache;
  double chars = 0;
  std::int64_t full = 0;
  std::vector<float> heights;
  constexpr std::uint64_t kSome = 60;
  for (std::uint64_t seed = 0; seed < kSome; ++seed) {
    const Print page = factory.make(seed, recipe, cache).page;
    chars += static_cast<double>(page.boxes.size()) / static_cast<double>(kSome);
    if (page.boxes.size() >= 2500) ++full;
    for (const CharBox& box : page.boxes) {
      if (page.text[static_cast<std::size_t>(box.byte_begin)] == 'n') {
        heights.push_back(box.bottom - box.top);
      }
    }
  }
  EXPECT_GT(chars, 2000);
  EXPECT_GT(full, 20);
  std::sort(heights.begin(), heights.end());
  const float median = heights[heights.size() / 2];
  EXPECT_GT(median, 5.0F);
  EXPECT_LT(median, 9.0F);
  EXPECT_GT(heights[heights.size() / 100], 3.5F);
}

TEST(Document, PagesWithoutTextSaySo) {
  const DocumentFactory& factory = test_factory();
  DocumentRecipe recipe = small_recipe();
  recipe.empty = 1;
  GlyphCache cache;
  std::int64_t pictures = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const DocumentPrint document = factory.make(seed, recipe, cache);
    ASSERT_TRUE(document.page.text.empty());
    ASSERT_TRUE(document.page.boxes.empty());
    ASSERT_TRUE(document.markdown.empty());
    if (!document.blocks.empty()) ++pictures;
  }
  EXPECT_GT(pictures, 5);
  EXPECT_LT(pictures, 30);
}

TEST(Document, CleanPagesAreBlackOnWhiteInOneColumn) {
  const DocumentFactory& factory = test_factory();
  DocumentRecipe recipe = small_recipe();
  recipe.max_side = 1000;
  recipe.clean = 1;
  recipe.empty = 0;
  GlyphCache cache;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const DocumentPrint document = factory.make(seed, recipe, cache);
    ASSERT_TRUE(document.artwork.empty());
    ASSERT_EQ(document.page.grey.front(), 255);
    for (const Block& block : document.blocks) {
      ASSERT_EQ(block.kind, BlockKind::kText);
      ASSERT_LT(block.box.x0, 40);
    }
    ASSERT_GT(document.page.text.size(), 250U);
  }
}

TEST(Document, MarkdownHasTitlesListsAndTables) {
  const DocumentFactory& factory = test_factory();
  DocumentRecipe recipe = small_recipe();
  recipe.max_chars = 2000;
  GlyphCache cache;
  std::string all;
  for (std::uint64_t seed = 0; seed < kPages; ++seed) {
    all += factory.make(seed, recipe, cache).markdown + "\n\n";
  }
  for (const char* mark :
       {"\n# ", "\n## ", "\n### ", "\n- ", "<table><tr><td>", "</td></tr></table>"}) {
    EXPECT_NE(all.find(mark), std::string::npos) << mark;
  }
}

// The character that a byte of a grounded text stands for: "&amp;" for '&', '-' for any bullet.
char32_t shown_char(const std::string& text, std::int64_t byte, bool& bullet) {
  const auto at = static_cast<std::size_t>(byte);
  bullet = text.compare(at, 2, "- ") == 0 && text[at - 1] == '\n';
  for (const auto& [name, code] : {std::pair{"&amp;", U'&'}, {"&lt;", U'<'}, {"&gt;", U'>'}}) {
    if (text.compare(at, std::string(name).size(), name) == 0) return code;
  }
  return decode_utf8(text, at).code;
}

TEST(Grounded, EachBlockHasItsLabelItsBoxAndItsMarkdown) {
  const DocumentFactory& factory = test_factory();
  DocumentRecipe recipe = small_recipe();
  recipe.max_chars = 2000;
  recipe.degrade = 0.5;
  GlyphCache cache;
  std::set<std::string> labels;
  for (std::uint64_t seed = 0; seed < kPages; ++seed) {
    SCOPED_TRACE(seed);
    const DocumentPrint document = factory.make(seed, recipe, cache);
    const std::string text = grounded_text(document).text;
    std::size_t from = 0;
    std::int64_t below = 0;  // list items of the last block
    for (const Block& block : document.blocks) {
      if (is_running(block.kind)) continue;
      const std::size_t item = text.find("<|ref|>", from);
      const std::size_t content = block.markdown.empty() ? from : text.find(block.markdown, from);
      ASSERT_NE(content, std::string::npos) << block.markdown;
      if (block.kind == BlockKind::kList && below > 0 && content < item) {
        from = content + block.markdown.size();  // goes on in the block that has begun
        continue;
      }
      below = block.kind == BlockKind::kList ? below + 1 : 0;
      ASSERT_NE(item, std::string::npos);
      ASSERT_TRUE(item == 0 || text.compare(item - 2, 2, "\n\n") == 0);
      const std::size_t label_end = text.find("<|/ref|>", item);
      labels.insert(text.substr(item + 7, label_end - item - 7));
      int x0 = -1, y0 = -1, x1 = -1, y1 = -1, end = 0;
      ASSERT_EQ(std::sscanf(text.c_str() + label_end, "<|/ref|><|det|>[[%d, %d, %d, %d]]<|/det|>%n",
                            &x0, &y0, &x1, &y1, &end),
                4);
      ASSERT_GT(end, 0);
      const auto place = [](float pixel, std::int64_t side) {
        return pixel / static_cast<float>(side) * 999;
      };
      ASSERT_LE(static_cast<float>(x0), place(block.box.x0, document.page.width) + 0.51F);
      ASSERT_NEAR(static_cast<float>(y0), place(block.box.y0, document.page.height), 0.51F);
      ASSERT_GE(static_cast<float>(x1), place(block.box.x1, document.page.width) - 0.51F);
      ASSERT_GE(static_cast<float>(y1), place(block.box.y1, document.page.height) - 0.51F);
      ASSERT_LE(std::max({x0, y0, x1, y1}), 999);
      from = label_end + static_cast<std::size_t>(end);
      if (block.markdown.empty()) continue;
      ASSERT_EQ(text.compare(from, block.markdown.size() + 1, "\n" + block.markdown), 0);
      from += block.markdown.size() + 1;
    }
    ASSERT_EQ(from, text.size());
  }
  for (const char* label :
       {"title", "sub_title", "text", "table", "image", "image_caption", "table_caption"}) {
    EXPECT_EQ(labels.count(label), 1U) << label;
  }
  EXPECT_EQ(labels.count("page_number") + labels.count("header") + labels.count("list"), 0U);
}

TEST(Grounded, CharactersStandWhereThePageShowsThem) {
  const DocumentFactory& factory = test_factory();
  DocumentRecipe recipe = small_recipe();
  recipe.max_chars = 2000;
  recipe.degrade = 0.5;
  GlyphCache cache;
  std::int64_t bullets = 0, all = 0;
  for (std::uint64_t seed = 0; seed < kPages; ++seed) {
    SCOPED_TRACE(seed);
    const DocumentPrint document = factory.make(seed, recipe, cache);
    const GroundedText grounded = grounded_text(document);
    std::int64_t before = -1;
    for (const ShownChar& c : grounded.shown) {
      ASSERT_GT(c.byte, before);
      before = c.byte;
      const CharBox& box = document.page.boxes[static_cast<std::size_t>(c.box)];
      const char32_t printed =
          decode_utf8(document.page.text, static_cast<std::size_t>(box.byte_begin)).code;
      bool bullet = false;
      const char32_t said = shown_char(grounded.text, c.byte, bullet);
      if (!bullet) {
        ASSERT_EQ(said, printed) << grounded.text.substr(static_cast<std::size_t>(c.byte), 20);
      }
      bullets += bullet ? 1 : 0;
      ++all;
    }
    for (const CornerDigit& digit : grounded.corners) {
      // From any digit back to the first of its number, which is that of the corner's x or y.
      auto at = static_cast<std::size_t>(digit.byte);
      ASSERT_TRUE(std::isdigit(static_cast<unsigned char>(grounded.text[at])) != 0);
      while (std::isdigit(static_cast<unsigned char>(grounded.text[at - 1])) != 0) --at;
      const float place = std::stof(grounded.text.substr(at, 3)) / 999;
      const float x = digit.x / static_cast<float>(document.page.width);
      const float y = digit.y / static_cast<float>(document.page.height);
      ASSERT_LT(std::min(std::abs(place - x), std::abs(place - y)), 0.00051F);
    }
    // Every character of the Markdown but white space and marks has its place.
    for (const Block& block : document.blocks) {
      if (block.kind != BlockKind::kText) continue;
      const auto spaces = std::ranges::count(block.markdown, ' ');
      ASSERT_EQ(static_cast<std::int64_t>(block.shown.size()),
                count_code_points(block.markdown) - spaces);
    }
  }
  EXPECT_GT(bullets, 10);
  EXPECT_GT(all, 50000);
}

TEST(Document, LettersAndSignsBeyondEnglishOccur) {
  const DocumentFactory& factory = test_factory();
  GlyphCache cache;
  std::set<char32_t> codes;
  for (std::uint64_t seed = 0; seed < 2 * kPages; ++seed) {
    const std::string text = factory.make(seed, small_recipe(), cache).page.text;
    for (std::size_t at = 0; at < text.size();) {
      const DecodedChar c = decode_utf8(text, at);
      at += c.size;
      if (c.code > 0x7F) codes.insert(c.code);
    }
  }
  EXPECT_GT(codes.size(), 60U);
  for (const char32_t c : {0xE9, 0xF8, 0xA7, 0xB0}) EXPECT_EQ(codes.count(c), 1U);
  EXPECT_GT(*codes.rbegin(), char32_t{0x2100});
}

TEST(Document, FontsAndTextMustBeUsable) {
  const auto corpus = test_corpus();
  EXPECT_FALSE(DocumentFactory::create({}, corpus, Corpus::Split::kTrain));
  const auto small = std::make_shared<const Corpus>(*Corpus::from_text("One paragraph."));
  const auto held_out = DocumentFactory::create({sans()}, small, Corpus::Split::kHeldOut);
  ASSERT_FALSE(held_out);
  EXPECT_EQ(held_out.error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace lectio::documents
