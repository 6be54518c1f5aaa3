// SPDX-License-Identifier: Apache-2.0
#include "datagen/prints/text_source.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace lectio {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// Of phrases that return: words of one, and phrases of a page.
constexpr std::int64_t kShortestPhrase = 2, kLongestPhrase = 14, kMostPhrases = 8;
constexpr std::size_t kFewestWords = 2 * kLongestPhrase;  // of a text that has any

constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

char one_of(Random& random, std::string_view set) { return set[random.below(set.size())]; }

std::string some_of(Random& random, std::string_view set, std::int64_t low, std::int64_t high) {
  std::string out;
  for (std::int64_t n = random.between(low, high); n > 0; --n) out.push_back(one_of(random, set));
  return out;
}

std::string two_digits(Random& random, std::int64_t low, std::int64_t high) {
  const std::string number = std::to_string(random.between(low, high));
  return number.size() < 2 ? "0" + number : number;
}

std::string date_or_time(Random& random) {
  const std::string year = std::to_string(random.between(1850, 2030));
  const std::string month = two_digits(random, 1, 12);
  const std::string day = two_digits(random, 1, 31);
  switch (random.below(5)) {
    case 0:
      return year + "-" + month + "-" + day;
    case 1:
      return day + "." + month + "." + year;
    case 2:
      return month + "/" + day + "/" + year.substr(2);
    case 3:
      return two_digits(random, 0, 23) + ":" + two_digits(random, 0, 59);
    default:
      return year + "-" + month + "-" + day + "T" + two_digits(random, 0, 23) + ":" +
             two_digits(random, 0, 59) + "Z";
  }
}

std::string number(Random& random) {
  const std::string digits = some_of(random, kDigits, 1, 6);
  switch (random.below(8)) {
    case 0:
      return digits + "." + some_of(random, kDigits, 1, 3);
    case 1:
      return "$" + digits + "." + two_digits(random, 0, 99);
    case 2:
      return digits + "%";
    case 3:
      return "-" + digits;
    case 4:
      return std::to_string(random.between(1, 999)) + "," + some_of(random, kDigits, 3, 3);
    case 5:
      return "(" + digits + ")";
    case 6:
      return "+" + two_digits(random, 1, 99) + " " + some_of(random, kDigits, 3, 3) + " " +
             some_of(random, kDigits, 4, 7);
    default:
      return digits;
  }
}

std::string identifier(Random& random) {
  switch (random.below(6)) {
    case 0:
      return some_of(random, kHex, 6, 16);
    case 1:
      return "0x" + some_of(random, kHex, 2, 8);
    case 2:
      return some_of(random, kUpper, 2, 4) + "-" + some_of(random, kDigits, 3, 6);
    case 3:
      return some_of(random, kHex, 8, 8) + "-" + some_of(random, kHex, 4, 4) + "-" +
             some_of(random, kHex, 4, 4);
    case 4:
      return some_of(random, kBase64, 8, 20) + "=";
    default:
      return "v" + some_of(random, kDigits, 1, 2) + "." + some_of(random, kDigits, 1, 2) + "." +
             some_of(random, kDigits, 1, 3);
  }
}

std::string address(Random& random, const Corpus& corpus) {
  const std::string name(corpus.dictionary_word(random));
  static constexpr std::array<std::string_view, 6> kEnds = {"com", "org", "net", "io", "de", "edu"};
  const std::string host =
      some_of(random, kLower, 3, 9) + "." + std::string(kEnds[random.below(kEnds.size())]);
  switch (random.below(4)) {
    case 0:
      return name + "@" + host;
    case 1:
      return "https://" + host + "/" + some_of(random, kBase64, 2, 6);
    case 2:
      return "www." + host;
    default:
      return "/" + some_of(random, kLower, 3, 5) + "/" + name + "_" +
             some_of(random, kDigits, 1, 3) + "." + some_of(random, kLower, 1, 3);
  }
}

std::string code(Random& random, const Corpus& corpus) {
  const std::string a(corpus.dictionary_word(random));
  const std::string b(corpus.dictionary_word(random));
  const std::string n = some_of(random, kDigits, 1, 4);
  switch (random.below(6)) {
    case 0:
      return a + "_" + b + "(" + n + ");";
    case 1:
      return "if (" + a + " == " + n + ") {";
    case 2:
      return a + "[" + n + "] = " + b + ";";
    case 3:
      return "--" + a + "=" + b;
    case 4:
      return "<" + a + " " + b + "=\"" + n + "\">";
    default:
      return "{\"" + a + "\": " + n + "}";
  }
}

std::string special(Random& random, const Corpus& corpus) {
  switch (random.below(6)) {
    case 0:
      return date_or_time(random);
    case 1:
    case 2:
      return number(random);
    case 3:
      return identifier(random);
    case 4:
      return address(random, corpus);
    default:
      return code(random, corpus);
  }
}

std::string letters(Random& random) {
  switch (random.below(4)) {
    case 0:
      return some_of(random, kUpper, 1, 9);
    case 1:
      return some_of(random, kLower, 1, 10);
    case 2:
      return some_of(random, kUpper, 1, 1) + some_of(random, kLower, 1, 9);
    default:
      return some_of(random, kLetters, 1, 10);
  }
}

std::string any_punctuation(Random& random) {
  const std::string word = random.chance(0.5) ? some_of(random, kDigits, 1, 5) : letters(random);
  const std::string mark = some_of(random, kPunctuation, 1, 2);
  return random.chance(0.5) ? word + mark : mark + word;
}

enum class Kind { kShuffled, kDictionary, kStrings, kNumbers, kSpecials, kMarks, kMixed };

Kind draw_kind(Random& random) {
  const double p = random.unit();
  if (p < 0.32) return Kind::kShuffled;
  if (p < 0.47) return Kind::kDictionary;
  if (p < 0.67) return Kind::kStrings;
  if (p < 0.77) return Kind::kNumbers;
  if (p < 0.83) return Kind::kSpecials;
  if (p < 0.90) return Kind::kMarks;
  return Kind::kMixed;
}

std::string token(Random& random, const Corpus& corpus, Corpus::Split split, Kind kind) {
  switch (kind) {
    case Kind::kShuffled:
      return std::string(corpus.word(random, split));
    case Kind::kDictionary:
      return std::string(corpus.dictionary_word(random));
    case Kind::kStrings:
      return letters(random);
    case Kind::kNumbers:
      return random.chance(0.3) ? date_or_time(random) : number(random);
    case Kind::kSpecials:
      return special(random, corpus);
    case Kind::kMarks:
      return any_punctuation(random);
    case Kind::kMixed:
      break;
  }
  return token(random, corpus, split, static_cast<Kind>(random.below(6)));
}

bool is_space(char32_t c) {
  return c == U' ' || c == 0xA0 || c == 0x202F || (c >= 0x2000 && c <= 0x200A);
}

// What a code point of the corpus becomes: itself, plainer characters, or nothing.
void append_shown(std::string& out, char32_t c, const Font& font) {
  static constexpr std::array<std::string_view, 7> kLigatures = {"ff",  "fi", "fl", "ffi",
                                                                 "ffl", "st", "st"};
  if (c >= 0xFB00 && c <= 0xFB06) {
    out += kLigatures[c - 0xFB00];
  } else if (c == 0x2010 || c == 0x2011) {
    out.push_back('-');
  } else if (c > 0x20 && c < 0x7F) {
    out.push_back(static_cast<char>(c));
  } else if (((c > 0xA0 && c < 0x180 && c != 0xAD) || (c >= 0x2012 && c <= 0x2014) ||
              (c >= 0x2018 && c <= 0x201E) || c == 0x2022 || c == 0x2026 || c == 0x20AC ||
              c == 0x2122 || c == 0x2212) &&
             font.covers(c)) {
    append_utf8(out, c);
  }
}

}  // namespace

std::string natural_text(Random& random, const Corpus& corpus, Corpus::Split split,
                         std::int64_t min_chars, std::int64_t max_chars) {
  std::string text = corpus.passage(random, min_chars, max_chars, split);
  if (!random.chance(0.2)) return text;
  // A few words give way to something that no reader can guess.
  std::string out;
  const double share = random.uniform(0.02, 0.1);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    if (random.chance(share)) {
      out += special(random, corpus);
    } else {
      out.append(text, begin, end - begin);
    }
    if (end < text.size()) out.push_back(text[end]);
    begin = end + 1;
  }
  return out;
}

std::string with_returning_phrases(std::string_view text, double share,
                                   std::vector<std::string>& phrases, Random& random) {
  std::vector<std::string_view> words;  // each with the blank behind it
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size() - 1) + 1;
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  if (words.size() < kFewestWords) return std::string(text);
  const auto draw_length = [&] {
    return static_cast<std::size_t>(random.between(kShortestPhrase, kLongestPhrase));
  };
  if (phrases.empty()) {
    for (std::int64_t n = random.between(1, kMostPhrases); n > 0; --n) {
      const std::size_t length = draw_length();
      const std::size_t first = random.below(words.size() - length + 1);
      std::string phrase;
      for (std::size_t i = first; i < first + length; ++i) phrase += words[i];
      std::replace(phrase.begin(), phrase.end(), '\n', ' ');
      if (phrase.back() != ' ') phrase.push_back(' ');
      phrases.push_back(std::move(phrase));
    }
  }
  // A phrase takes the place of as many words as it might have, so that the share is of words.
  constexpr double kMeanLength = (kShortestPhrase + kLongestPhrase) / 2.0;
  const double chance = share / (kMeanLength * (1.0 - share) + share);
  std::string out;
  std::size_t last = phrases.size();
  for (std::size_t i = 0; i < words.size();) {
    const std::size_t which = random.below(phrases.size());
    if (which == last || !random.chance(chance)) {
      out += words[i++];
      last = phrases.size();
      continue;
    }
    out += phrases[which];
    last = which;
    i += draw_length();
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

double draw_returning_share(Random& random) { return random.uniform(0.05, 0.6); }

std::string random_text(Random& random, const Corpus& corpus, Corpus::Split split,
                        std::int64_t min_chars, std::int64_t max_chars) {
  const auto wanted =
      static_cast<std::size_t>(random.between(min_chars, std::max(min_chars, max_chars)));
  const Kind kind = draw_kind(random);
  const double new_paragraph = random.chance(0.4) ? 0.02 : 0.0;
  std::string out;
  std::int64_t chars = 0;
  while (chars < static_cast<std::int64_t>(wanted)) {
    if (!out.empty()) {
      out.push_back(random.chance(new_paragraph) ? '\n' : ' ');
      ++chars;
    }
    const std::string next = token(random, corpus, split, kind);
    chars += count_code_points(next);
    out += next;
  }
  while (chars > static_cast<std::int64_t>(wanted)) {
    std::size_t end = out.size() - 1;
    while ((static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U) --end;
    out.resize(end);
    --chars;
  }
  return out;
}

std::string heading_text(Random& random, const Corpus& corpus, Corpus::Split split) {
  std::string out;
  if (random.chance(0.3)) out = std::to_string(random.between(1, 12)) + ". ";
  for (std::int64_t n = random.between(1, 5); n > 0; --n) {
    std::string word(corpus.word(random, split));
    if (word.size() > 20) continue;
    if (word[0] >= 'a' && word[0] <= 'z') word[0] = static_cast<char>(word[0] - 'a' + 'A');
    if (!out.empty() && out.back() != ' ') out.push_back(' ');
    out += word;
  }
  return random.chance(0.2) ? in_capitals(out) : out;
}

std::string shown_by(std::string_view text, const Font& font, std::int64_t max_word) {
  std::string out;
  out.reserve(text.size());
  std::string word;
  char gap =
      0;  // what stands before the next word: nothing, a space, or a line feed, which is stronger
  const auto end_word = [&] {
    if (word.empty() || count_code_points(word) > max_word) {
      word.clear();
      return;
    }
    if (!out.empty() && gap != 0) out.push_back(gap);
    out += word;
    word.clear();
    gap = 0;
  };
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar c = decode_utf8(text, at);
    at += c.size;
    if (c.code == U'\n') {
      end_word();
      gap = '\n';
    } else if (is_space(c.code)) {
      end_word();
      if (gap == 0) gap = ' ';
    } else {
      append_shown(word, c.code, font);
    }
  }
  end_word();
  return out;
}

std::string in_capitals(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar c = decode_utf8(text, at);
    at += c.size;
    const bool is_lower =
        (c.code >= U'a' && c.code <= U'z') || (c.code >= 0xE0 && c.code <= 0xFE && c.code != 0xF7);
    append_utf8(out, is_lower ? c.code - 0x20 : c.code);
  }
  return out;
}

}  // namespace lectio
