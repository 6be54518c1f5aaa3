// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/writer.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/utf8.h"
#include "datagen/prints/text_source.h"

namespace lectio::documents {
namespace {

constexpr std::int64_t kPassage = 2600;  // characters fetched at a time
constexpr double kMerge = 0.7;           // chance that a short paragraph takes the next one in
constexpr double kJump = 0.12;           // chance that a paragraph begins another passage

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
    if (!text_.empty()) return;
  }
  text_ = "page";
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
