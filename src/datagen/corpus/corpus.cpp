// SPDX-License-Identifier: Apache-2.0
#include "datagen/corpus/corpus.h"

#include <algorithm>
#include <system_error>
#include <unordered_set>

#include "base/file.h"
#include "base/utf8.h"

namespace lectio {
namespace {

// The different words are looked for in this much of the text: enough for every common one.
constexpr std::size_t kDictionaryBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxWordBytes = 20;
constexpr double kStartAtParagraph = 0.4;
constexpr double kStartAtSentence = 0.4;
constexpr double kEndAtSentence = 0.5;
constexpr std::size_t kSearch = 400;  // bytes in which a start is looked for

bool is_blank(char32_t code) {
  return code == U' ' || (code >= 0x09 && code <= 0x0D) || code == 0x85 || code == 0xA0 ||
         (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F ||
         code == 0x205F || code == 0x3000;
}

bool is_dropped(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xAD ||
         (code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || (code >= 0xE000 && code <= 0xF8FF) ||
         (code >= 0xFE00 && code <= 0xFE0F) || code == 0xFEFF ||
         (code >= 0xFFF0 && code <= 0xFFFF) || code >= 0xE0000;
}

// A byte of a letter, as far as one byte tells: of ASCII, or of a longer sequence other than those
// that begin with 0xE2, where punctuation and symbols live.
bool is_letter_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (byte >= 0xC3 && byte != 0xE2);
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return splitmix64(hash);
}

// Where a passage may begin at or after `from`: behind the next line feed, sentence end or space,
// as drawn.
std::size_t find_start(std::string_view text, std::size_t from, Random& random) {
  const double kind = random.unit();
  const std::size_t end = std::min(text.size(), from + kSearch);
  if (kind < kStartAtParagraph) {
    const std::size_t found = text.rfind('\n', from);
    return found == std::string_view::npos ? 0 : found + 1;
  }
  for (std::size_t i = from + 1; kind < kStartAtParagraph + kStartAtSentence && i < end; ++i) {
    if (text[i - 1] == '\n') return i;
    if (text[i - 1] == ' ' && i >= 2 && (text[i - 2] == '.' || text[i - 2] == '?')) return i;
  }
  for (std::size_t i = from + 1; i < end; ++i) {
    if (text[i - 1] == ' ' || text[i - 1] == '\n') return i;
  }
  return 0;
}

bool ends_word(std::string_view text, std::size_t at) {
  return text[at] == ' ' || text[at] == '\n';
}

bool ends_sentence(std::string_view text, std::size_t at) {
  return text[at] == '\n' ||
         (text[at] == ' ' && at > 0 && (text[at - 1] == '.' || text[at - 1] == '?'));
}

// Where in text to stop, near `wanted` and never before `least`: behind a sentence not much
// shorter, if asked for, or behind the last word up to there, or the first one after it, or in the
// middle of a word.
std::size_t find_end(std::string_view text, std::size_t least, std::size_t wanted,
                     bool at_sentence) {
  const std::size_t near = std::max(least, wanted - wanted / 5);
  for (std::size_t i = wanted; at_sentence && i > near; --i) {
    if (ends_sentence(text, i)) return i;
  }
  for (std::size_t i = wanted; i >= least && i > 0; --i) {
    if (ends_word(text, i)) return i;
  }
  for (std::size_t i = wanted; i < text.size(); ++i) {
    if (ends_word(text, i)) return i;
  }
  return wanted;
}

Result<std::vector<std::filesystem::path>> text_files(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return Error(ErrorCode::kNotFound, path.string() + ": no such file or folder");
  }
  if (!std::filesystem::is_directory(path, error)) return std::vector<std::filesystem::path>{path};
  std::vector<std::filesystem::path> files;
  std::filesystem::recursive_directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(error)) {
    if (entry->path().extension() == ".txt") files.push_back(entry->path());
  }
  if (error) return Error(ErrorCode::kIo, path.string() + ": " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<Corpus> Corpus::open(const std::filesystem::path& path) {
  LECTIO_TRY(const std::vector<std::filesystem::path> files, text_files(path));
  Corpus corpus;
  for (const std::filesystem::path& file : files) {
    LECTIO_TRY(const std::string text, read_file(file));
    corpus.add(text);
  }
  if (corpus.text(Split::kTrain).empty()) {
    return Error(ErrorCode::kInvalidInput,
                 path.string() + ": expected paragraphs of UTF-8 text, found none in " +
                     std::to_string(files.size()) + " .txt files");
  }
  corpus.index_words();
  return corpus;
}

Result<Corpus> Corpus::from_text(std::string_view text) {
  Corpus corpus;
  corpus.add(text);
  if (corpus.text(Split::kTrain).empty()) {
    return Error(ErrorCode::kInvalidInput, "corpus: expected paragraphs of UTF-8 text, found none");
  }
  corpus.index_words();
  return corpus;
}

void Corpus::add(std::string_view file) {
  std::string paragraph;
  bool blank_pending = false;
  int line_feeds = 0;  // in the white space being read
  for (std::size_t at = 0; at < file.size();) {
    const DecodedChar c = decode_utf8(file, at);
    at += c.size;
    if (c.code == U'\n') ++line_feeds;
    if (is_blank(c.code)) {
      blank_pending = true;
      continue;
    }
    if (!c.valid || is_dropped(c.code)) continue;
    if (line_feeds >= 2) {
      add_paragraph(paragraph);
      paragraph.clear();
    } else if (blank_pending && !paragraph.empty()) {
      paragraph.push_back(' ');
    }
    blank_pending = false;
    line_feeds = 0;
    append_utf8(paragraph, c.code);
  }
  add_paragraph(paragraph);
}

void Corpus::add_paragraph(std::string_view paragraph) {
  if (paragraph.empty()) return;
  const bool held_out = hash_text(paragraph) % kHeldOutOneIn == 0;
  std::string& text = texts_[static_cast<std::size_t>(held_out ? Split::kHeldOut : Split::kTrain)];
  text.append(paragraph);
  text.push_back('\n');
}

void Corpus::index_words() {
  const std::string_view text =
      std::string_view(this->text(Split::kTrain)).substr(0, kDictionaryBytes);
  std::unordered_set<std::string_view> seen;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_letter_byte(text[i]) || (i > begin && is_continuation(text[i]))) continue;
    const std::size_t length = i - begin;
    if (length >= 2 && length <= kMaxWordBytes && seen.insert(text.substr(begin, length)).second) {
      words_.emplace_back(begin, static_cast<std::uint8_t>(length));
    }
    begin = i + 1;
  }
}

std::string Corpus::passage(Random& random, std::int64_t min_chars, std::int64_t max_chars,
                            Split split) const {
  const std::string_view all = text(split);
  max_chars = std::max(min_chars, max_chars);
  const std::int64_t wanted = random.between(min_chars, max_chars);
  if (all.empty() || wanted <= 0) return {};
  const std::size_t from = find_start(all, random.below(all.size()), random);
  // The passage goes on at the text's beginning when it reaches the end, once around at most. It
  // takes one character more than it may have: when that is a space, the last word is whole.
  std::string out;
  out.reserve(static_cast<std::size_t>(max_chars) + 8);
  std::int64_t chars = 0;
  std::size_t min_bytes = 0;
  std::size_t wanted_bytes = 0;
  std::size_t at = from;
  do {
    if (!is_continuation(all[at])) {
      if (chars == min_chars) min_bytes = out.size();
      if (chars == wanted) wanted_bytes = out.size();
      if (chars++ > max_chars) break;
    }
    out.push_back(all[at]);
    at = at + 1 == all.size() ? 0 : at + 1;
  } while (at != from);
  if (chars > wanted)
    out.resize(find_end(out, min_bytes, wanted_bytes, random.chance(kEndAtSentence)));
  while (!out.empty() && ends_word(out, out.size() - 1)) out.pop_back();
  return out;
}

std::string_view Corpus::word(Random& random, Split split) const {
  const std::string_view all = text(split);
  if (all.empty()) return {};
  const auto is_gap = [&](std::size_t i) { return all[i] == ' ' || all[i] == '\n'; };
  std::size_t begin = random.below(all.size());
  if (is_gap(begin) && begin > 0) --begin;
  std::size_t end = begin;
  while (begin > 0 && !is_gap(begin - 1)) --begin;
  while (end < all.size() && !is_gap(end)) ++end;
  return all.substr(begin, end - begin);
}

std::string_view Corpus::dictionary_word(Random& random) const {
  if (words_.empty()) return word(random, Split::kTrain);
  const auto [offset, length] = words_[random.below(words_.size())];
  return std::string_view(text(Split::kTrain)).substr(offset, length);
}

}  // namespace lectio
