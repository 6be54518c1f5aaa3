// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/writer.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "datagen/prints/text_source.h"

namespace lectio::documents {
namespace {

constexpr std::int64_t kPassage = 2600;  // characters fetched at a time
constexpr double kMerge = 0.7;           // chance that a short paragraph takes the next one in
constexpr double kJump = 0.12;           // chance that a paragraph begins another passage

// Letters with their relatives in Latin-1 and Latin Extended-A.
struct Relatives {
  char plain;
  std::u32string_view accented;
};
constexpr std::array<Relatives, 24> kRelatives = {
    {{'a', U"\u00E0\u00E1\u00E2\u00E3\u00E4\u00E5\u0105\u0103"},
     {'c', U"\u00E7\u0107\u010D"},
     {'d', U"\u010F\u0111"},
     {'e', U"\u00E8\u00E9\u00E9\u00EA\u00EB\u0119\u011B"},
     {'g', U"\u011F"},
     {'i', U"\u00EC\u00ED\u00EE\u00EF\u0131"},
     {'l', U"\u0142"},
     {'n', U"\u00F1\u0144\u0148"},
     {'o', U"\u00F2\u00F3\u00F4\u00F5\u00F6\u00F8\u0151\u0153"},
     {'r', U"\u0159"},
     {'s', U"\u015B\u0161\u015F\u00DF"},
     {'t', U"\u0165"},
     {'u', U"\u00F9\u00FA\u00FB\u00FC\u016F\u0171"},
     {'y', U"\u00FD\u00FF"},
     {'z', U"\u017A\u017C\u017E"},
     {'A', U"\u00C0\u00C1\u00C4\u00C5\u00C6"},
     {'C', U"\u00C7\u010C"},
     {'E', U"\u00C8\u00C9\u00CA"},
     {'I', U"\u00CD\u00CE\u0130"},
     {'N', U"\u00D1"},
     {'O', U"\u00D6\u00D8\u0150"},
     {'S', U"\u0160\u015A"},
     {'U', U"\u00DC\u00DA"},
     {'Z', U"\u017D\u017B"}}};
// Signs as they stand between words.
constexpr std::array<std::u32string_view, 36> kSigns = {
    U"\u00A7 12", U"\u00A7",  U"\u00B6",  U"\u00A9",    U"\u00AE",     U"\u2122",
    U"\u00B15%",  U"\u00D7",  U"\u00F7",  U"20\u00B0C", U"45\u00B0",   U"\u00BD",
    U"\u00BC",    U"3\u00B2", U"\u00B5m", U"\u20AC50",  U"\u00A318",   U"\u00A5",
    U"\u2264",    U"\u2265",  U"\u2260",  U"\u2248",    U"\u221E",     U"\u221A2",
    U"\u2211",    U"\u03B1",  U"\u03B2",  U"\u03C0",    U"\u0394t",    U"\u03BC",
    U"\u2020",    U"\u2021",  U"\u2192",  U"a = b",     U"x \u2212 y", U"(\u2026)"};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

void capitalise(std::string& word) {
  if (!word.empty() && is_lower(word[0])) word[0] = static_cast<char>(word[0] - 'a' + 'A');
}

// The end of the last sentence within [least, most) of the text, or of the last word.
std::size_t good_end(std::string_view text, std::size_t least, std::size_t most) {
  for (std::size_t i = most; i > least; --i) {
    if (text[i] == ' ' && (text[i - 1] == '.' || text[i - 1] == '?')) return i;
  }
  const std::size_t space = text.rfind(' ', most);
  return space == std::string_view::npos || space == 0 ? most : space;
}

}  // namespace

void Writer::refill() {
  for (int attempt = 0; attempt < 4; ++attempt) {
    const std::string raw = natural_
                                ? corpus_.passage(random_, kPassage / 2, kPassage, split_)
                                : random_text(random_, corpus_, split_, kPassage / 2, kPassage);
    text_ = shown_by(raw, font_, longest_word_);
    at_ = 0;
    if (text_.empty()) continue;
    if (returning_ > 0) text_ = with_returning_phrases(text_, returning_, phrases_, random_);
    if (accents_ > 0 || signs_ > 0) season();
    return;
  }
  text_ = "page";
}

void Writer::append_accented(std::string& out, std::string_view word) {
  const std::size_t from = random_.below(word.size());
  for (std::size_t k = 0; k < word.size(); ++k) {
    const std::size_t at = (from + k) % word.size();
    const auto found = std::find_if(kRelatives.begin(), kRelatives.end(),
                                    [&](const Relatives& r) { return r.plain == word[at]; });
    if (found == kRelatives.end()) continue;
    const char32_t code = found->accented[random_.below(found->accented.size())];
    if (!shows(code)) continue;
    out += word.substr(0, at);
    append_utf8(out, code);
    out += word.substr(at + 1);
    return;
  }
  out += word;
}

// Letters and signs that the corpus has too few of.
void Writer::season() {
  std::string out;
  for (std::size_t begin = 0; begin < text_.size();) {
    const std::size_t end = std::min(text_.find_first_of(" \n", begin), text_.size());
    const std::string_view word = std::string_view(text_).substr(begin, end - begin);
    if (!word.empty() && random_.chance(accents_)) {
      append_accented(out, word);
    } else {
      out += word;
    }
    if (random_.chance(signs_)) {
      const std::u32string_view sign = kSigns[random_.below(kSigns.size())];
      if (std::all_of(sign.begin(), sign.end(), [&](char32_t c) { return shows(c); })) {
        out.push_back(' ');
        for (const char32_t c : sign) append_utf8(out, c);
      }
    }
    if (end < text_.size()) out.push_back(text_[end]);
    begin = end + 1;
  }
  text_ = std::move(out);
}

std::string Writer::paragraph(std::int64_t max_chars) {
  if (at_ > 0 && random_.chance(kJump)) at_ = text_.size();
  if (at_ >= text_.size()) refill();
  const auto most = static_cast<std::size_t>(std::max<std::int64_t>(max_chars, 20));
  std::size_t end = std::min(text_.find('\n', at_), text_.size());
  // The corpus has many short paragraphs: some go together.
  while (end - at_ < most / 3 && end < text_.size() && random_.chance(kMerge)) {
    text_[end] = ' ';
    end = std::min(text_.find('\n', end), text_.size());
  }
  if (end - at_ > most) end = at_ + good_end(std::string_view(text_).substr(at_), most / 2, most);
  std::string out = text_.substr(at_, end - at_);
  at_ = end + 1;
  return out;
}

std::string Writer::phrase(std::int64_t min_words, std::int64_t max_words) {
  std::string out;
  std::int64_t left = random_.between(min_words, max_words);
  while (left > 0) {
    if (at_ >= text_.size()) refill();
    const std::size_t end = std::min(text_.find_first_of(" \n", at_), text_.size());
    if (!out.empty()) out.push_back(' ');
    out.append(text_, at_, end - at_);
    at_ = end + 1;
    --left;
  }
  while (out.size() > 1 &&
         (out.back() == '.' || out.back() == ',' || out.back() == ';' || out.back() == ':')) {
    out.pop_back();
  }
  while (out.size() > 1 && out.back() == ' ') out.pop_back();
  capitalise(out);
  return out;
}

std::string Writer::title(std::int64_t min_words, std::int64_t max_words) {
  const std::string text = phrase(min_words, max_words);
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    std::string next = text.substr(begin, end - begin);
    if (next.size() > 3 || begin == 0) capitalise(next);
    if (!out.empty()) out.push_back(' ');
    out += next;
    begin = end + 1;
  }
  return out;
}

std::string Writer::word() {
  for (int attempt = 0; attempt < 8; ++attempt) {
    const std::string out = shown_by(corpus_.dictionary_word(random_), font_, 14);
    if (!out.empty() && out.find_first_of(" \n") == std::string::npos) return out;
  }
  return "word";
}

std::string Writer::capitalised() {
  std::string out = word();
  capitalise(out);
  return out;
}

std::string Writer::person() {
  std::string out = capitalised();
  if (random_.chance(0.4))
    out += std::string(" ") + static_cast<char>('A' + random_.below(26)) + ".";
  return out + " " + capitalised();
}

std::string roman(std::int64_t number, bool capitals) {
  static constexpr std::array<std::string_view, 10> kOnes = {"",  "i",  "ii",  "iii",  "iv",
                                                             "v", "vi", "vii", "viii", "ix"};
  std::string out(static_cast<std::size_t>(number / 10), 'x');
  out += kOnes[static_cast<std::size_t>(number % 10)];
  return capitals ? in_capitals(out) : out;
}

std::string letter(std::int64_t number, bool capital) {
  return std::string(1, static_cast<char>((capital ? 'A' : 'a') + (number - 1) % 26));
}

std::string amount(Random& random) {
  const std::string small = std::to_string(random.between(0, 999));
  switch (random.below(8)) {
    case 0:
      return std::to_string(random.between(1, 999)) + "," +
             std::to_string(random.between(100, 999));
    case 1:
      return "$" + small + "." + std::to_string(random.between(10, 99));
    case 2:
      return small + "%";
    case 3:
      return "(" + small + ")";
    case 4:
    case 5:
      return small + "." + std::to_string(random.between(0, 99));
    default:
      return small;
  }
}

std::string some_date(Random& random) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  const std::string month(kMonths[random.below(kMonths.size())]);
  const std::string day = std::to_string(random.between(1, 31));
  const std::string year = std::to_string(random.between(1900, 2026));
  switch (random.below(4)) {
    case 0:
      return day + " " + month + " " + year;
    case 1:
      return month + " " + year;
    case 2:
      return std::to_string(random.between(1, 12)) + "/" + day + "/" + year;
    default:
      return month + " " + day + ", " + year;
  }
}

std::string web_address(Random& random, Writer& writer) {
  static constexpr std::array<std::string_view, 5> kEnds = {"com", "org", "net", "edu", "gov"};
  const std::string host = writer.word() + "." + std::string(kEnds[random.below(5)]);
  switch (random.below(3)) {
    case 0:
      return writer.word() + "@" + host;
    case 1:
      return "http://www." + host + "/" + writer.word();
    default:
      return "www." + host;
  }
}

}  // namespace lectio::documents
