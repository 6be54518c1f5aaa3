// SPDX-License-Identifier: Apache-2.0
#include "datagen/corpus/corpus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>

#include "base/utf8.h"

namespace lectio {
namespace {

std::string many_paragraphs(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += "Paragraph number " + std::to_string(i) +
            " tells of things.\nIt has two lines, caf\u00E9 and na\u00EFve. "
            "And a third sentence that ends it.\n\n";
  }
  return text;
}

Corpus corpus_of(const std::string& text) {
  Result<Corpus> corpus = Corpus::from_text(text);
  if (!corpus) throw std::runtime_error(corpus.error().message());
  return *std::move(corpus);
}

TEST(Corpus, BlankLinesSeparateParagraphsAndLinesAreJoined) {
  const Corpus corpus = corpus_of("one\n  two \n\n \n three\r\n\r\nfour\tfive");
  EXPECT_EQ(corpus.text(Corpus::Split::kTrain) + corpus.text(Corpus::Split::kHeldOut),
            "one two\nthree\nfour five\n");
}

TEST(Corpus, WhatIsNoTextIsLeftOut) {
  const Corpus corpus = corpus_of("a\xFF\xC0z \x01\u00A0b\u200B\u00ADc \U000E0041");
  EXPECT_EQ(corpus.text(Corpus::Split::kTrain), "az bc\n");
}

TEST(Corpus, AboutOneParagraphOfSixtyFourIsHeldOutWhereverItStands) {
  const Corpus corpus = corpus_of(many_paragraphs(6400));
  const std::string& held_out = corpus.text(Corpus::Split::kHeldOut);
  const auto count = std::count(held_out.begin(), held_out.end(), '\n');
  EXPECT_NEAR(static_cast<double>(count), 100, 30);  // three deviations of a binomial
  const Corpus alone = corpus_of("Other words.\n\n" + held_out.substr(0, held_out.find('\n')));
  EXPECT_EQ(alone.text(Corpus::Split::kHeldOut), held_out.substr(0, held_out.find('\n') + 1));
}

TEST(Corpus, PassagesHaveTheLengthThatIsAskedForAndEndWithWords) {
  const Corpus corpus = corpus_of(many_paragraphs(500));
  const std::string& all = corpus.text(Corpus::Split::kTrain);
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string passage = corpus.passage(random, 30, 200, Corpus::Split::kTrain);
    const std::int64_t chars = count_code_points(passage);
    ASSERT_GE(chars, 30) << passage;
    ASSERT_LE(chars, 200) << passage;
    const std::size_t at = all.find(passage);
    if (at == std::string::npos) continue;  // goes over the end of the corpus
    ASSERT_TRUE(at == 0 || all[at - 1] == ' ' || all[at - 1] == '\n') << passage;
    const char after = all[at + passage.size()];
    ASSERT_TRUE(after == ' ' || after == '\n') << passage;
  }
}

TEST(Corpus, ACorpusThatIsShorterThanThePassageGivesAllOfIt) {
  const Corpus corpus = corpus_of("Few words.");
  Random random(3);
  EXPECT_EQ(corpus.passage(random, 100, 200, Corpus::Split::kTrain), "Few words.");
  EXPECT_EQ(corpus.passage(random, 100, 200, Corpus::Split::kHeldOut), "");
  EXPECT_EQ(corpus.word(random, Corpus::Split::kHeldOut), "");
}

TEST(Corpus, ATextWithoutSpacesIsCutBetweenCodePoints) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "\u4E00";
  const Corpus corpus = corpus_of(text);
  Random random(4);
  for (int i = 0; i < 100; ++i) {
    const std::string passage = corpus.passage(random, 5, 9, Corpus::Split::kTrain);
    ASSERT_LE(count_code_points(passage), 9);
    ASSERT_GE(count_code_points(passage), 5);
    ASSERT_EQ(passage.size() % 3, 0U);
  }
}

TEST(Corpus, WordsAreWholeAndTheDictionaryHasLettersAlone) {
  const Corpus corpus = corpus_of(many_paragraphs(100));
  Random random(5);
  std::set<std::string> words;
  for (int i = 0; i < 2000; ++i) {
    words.insert(std::string(corpus.dictionary_word(random)));
    const std::string_view word = corpus.word(random, Corpus::Split::kTrain);
    ASSERT_FALSE(word.empty());
    ASSERT_EQ(word.find_first_of(" \n"), std::string_view::npos);
  }
  EXPECT_TRUE(words.count("caf\u00E9") == 1 && words.count("Paragraph") == 1);
  EXPECT_TRUE(words.count("things.") == 0 && words.count("17") == 0);
}

TEST(Corpus, TheSameStreamGivesTheSamePassages) {
  const Corpus corpus = corpus_of(many_paragraphs(100));
  Random a(9);
  Random b(9);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(corpus.passage(a, 10, 500, Corpus::Split::kTrain),
              corpus.passage(b, 10, 500, Corpus::Split::kTrain));
  }
}

TEST(Corpus, AFolderIsReadInTheOrderOfItsPaths) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "corpus_folder";
  std::filesystem::create_directories(folder / "sub");
  std::ofstream(folder / "b.txt") << "second";
  std::ofstream(folder / "a.txt") << "first";
  std::ofstream(folder / "sub" / "c.txt") << "third";
  std::ofstream(folder / "d.md") << "not read";
  const Result<Corpus> corpus = Corpus::open(folder);
  ASSERT_TRUE(corpus);
  EXPECT_EQ(corpus->text(Corpus::Split::kTrain), "first\nsecond\nthird\n");
}

TEST(Corpus, NoTextIsAnErrorThatSaysWhere) {
  const Result<Corpus> missing = Corpus::open("/nowhere/corpus");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "corpus_empty";
  std::filesystem::create_directories(folder);
  const Result<Corpus> empty = Corpus::open(folder);
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().message().find("corpus_empty"), std::string::npos);
  EXPECT_FALSE(Corpus::from_text(" \n\n\xFF"));
}

}  // namespace
}  // namespace lectio
