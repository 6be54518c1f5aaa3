// SPDX-License-Identifier: Apache-2.0
// How well what a text leaves out is noticed, over pages whose text is known: the true text, whole
// and with parts left out, is judged as if a model had written it. No model is asked.
//
//   lectio-train documents --count 300 --seed 71 --out DIR; lectio_unread_limits DIR
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/splitmix.h"
#include "ocr/ink/ink.h"
#include "ocr/reader/unread.h"
#include "ocr/verdict/verdict.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct KnownBlock {
  std::string text, label;
  std::array<std::int64_t, 4> box{};  // 0 to 999
};

struct KnownPage {
  Page page;
  InkReport ink;
  std::vector<KnownBlock> blocks;  // in reading order
};

// One answer about one page.
struct Judged {
  double left_out = 0;  // of the letters of the true text
  double read = 0;      // letters of the answer, of the characters that the ink promises
  double unread = 0;    // share of the ink in lines without text, if looked for
  bool can_tell = false;
  bool judged_by_count = false;  // degraded whatever the lines say
};

KnownPage known_page(const fs::path& folder, const Json& entry) {
  KnownPage known;
  auto page = open_page(folder / "pages" / entry.at("image").get<std::string>());
  LECTIO_CHECK(page, page.error().message());
  known.page = *std::move(page);
  known.ink = look_at_ink(known.page.image);
  const auto& text = entry.at("text").get_ref<const std::string&>();
  for (const Json& block : entry.at("blocks")) {
    const auto begin = block.at("bytes").at(0).get<std::size_t>();
    const auto end = block.at("bytes").at(1).get<std::size_t>();
    KnownBlock part{text.substr(begin, end - begin), block.at("label").get<std::string>()};
    for (std::size_t i = 0; i < 4; ++i) {
      const std::int64_t side = i % 2 == 0 ? known.page.image.width : known.page.image.height;
      const double place = 999 * block.at("box").at(i).get<double>() / static_cast<double>(side);
      part.box[i] = std::clamp<std::int64_t>(static_cast<std::int64_t>(place), 0, 999);
    }
    known.blocks.push_back(std::move(part));
  }
  return known;
}

// Every `every`-th letter is another: what a text with errors looks like.
std::string misread(std::string text, std::int64_t every) {
  std::int64_t letters = 0;
  for (char& byte : text) {
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (letter && ++letters % every == 0) byte = byte == 'e' ? 'c' : 'e';
  }
  return text;
}

std::string answer_of(const std::vector<KnownBlock>& blocks, bool grounded) {
  std::string answer;
  for (const KnownBlock& block : blocks) {
    if (!answer.empty()) answer += "\n\n";
    if (grounded) {
      answer += "<|ref|>" + block.label + "<|/ref|><|det|>[[";
      for (std::size_t i = 0; i < 4; ++i) {
        answer += (i == 0 ? "" : ", ") + std::to_string(block.box[i]);
      }
      answer += "]]<|/det|>\n";
    }
    answer += misread(block.text, 20);
  }
  return answer;
}

std::int64_t letters_of(const std::vector<KnownBlock>& blocks) {
  std::int64_t letters = 0;
  for (const KnownBlock& block : blocks) letters += count_letters(block.text);
  return letters;
}

Judged judged(const KnownPage& known, const std::vector<KnownBlock>& kept, bool grounded) {
  const std::string answer = answer_of(kept, grounded);
  Judged result;
  const auto all = static_cast<double>(std::max<std::int64_t>(1, letters_of(known.blocks)));
  const auto ink = static_cast<double>(std::max<std::int64_t>(1, known.ink.characters));
  result.left_out = 1 - static_cast<double>(letters_of(kept)) / all;
  result.read = static_cast<double>(letters_of(kept)) / ink;
  UnreadLimits limits;
  limits.enough_read = 1e9;  // looked for in any case
  if (const auto lines = find_unread(known.page, known.ink, answer, limits)) {
    result.can_tell = true;
    result.unread = lines->share;
  }
  Evidence evidence;
  evidence.attempts.resize(1);
  evidence.ink_characters = known.ink.characters;
  evidence.read_characters = letters_of(kept);
  result.judged_by_count = judge(evidence) != Verdict::kOk;
  return result;
}

std::vector<KnownBlock> without(const std::vector<KnownBlock>& blocks, std::size_t begin,
                                std::size_t end) {
  std::vector<KnownBlock> kept;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i < begin || i >= end) kept.push_back(blocks[i]);
  }
  return kept;
}

// Blocks that follow each other, left out at three places: about a seventh, a quarter, two fifths
// of the page's letters.
std::vector<Judged> with_parts_left_out(const KnownPage& known, bool grounded, Random& random) {
  std::vector<Judged> results;
  const auto all = static_cast<double>(letters_of(known.blocks));
  for (const double share : {0.15, 0.25, 0.4}) {
    const auto begin = static_cast<std::size_t>(
        random.between(0, static_cast<std::int64_t>(known.blocks.size()) - 1));
    std::size_t end = begin;
    double left_out = 0;
    while (end < known.blocks.size() && left_out < share * all) {
      left_out += static_cast<double>(count_letters(known.blocks[end++].text));
    }
    if (left_out == 0 || end - begin == known.blocks.size()) continue;
    results.push_back(judged(known, without(known.blocks, begin, end), grounded));
  }
  return results;
}

bool is_noticed(const Judged& answer, double enough, bool grounded) {
  if (answer.judged_by_count) return true;
  const bool looked_at = grounded || answer.read < enough;
  return looked_at && answer.can_tell && answer.unread > VerdictLimits().most_unread_ink;
}

void print_table(const std::vector<Judged>& whole, const std::vector<Judged>& parts,
                 bool grounded) {
  constexpr std::array<double, 5> kFrom = {0.05, 0.15, 0.25, 0.35, 1.0};
  std::printf("%s\nenough  false alarms  noticed of what leaves out 5-15 %%, 15-25, 25-35, more\n",
              grounded ? "answers with boxes" : "answers without boxes");
  // Answers with boxes are looked at however much they hold.
  std::vector<double> thresholds = {1e9};
  if (!grounded) thresholds = {0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1e9};
  for (const double enough : thresholds) {
    const auto alarms = std::count_if(whole.begin(), whole.end(), [&](const Judged& answer) {
      return is_noticed(answer, enough, grounded);
    });
    std::printf(enough < 1e9 ? "%6.2f" : "   any", enough);
    std::printf("  %4td of %4zu", alarms, whole.size());
    for (std::size_t i = 0; i + 1 < kFrom.size(); ++i) {
      std::int64_t all = 0;
      std::int64_t noticed = 0;
      for (const Judged& answer : parts) {
        if (answer.left_out < kFrom[i] || answer.left_out >= kFrom[i + 1]) continue;
        ++all;
        noticed += is_noticed(answer, enough, grounded) ? 1 : 0;
      }
      std::printf("  %4lld of %4lld", static_cast<long long>(noticed), static_cast<long long>(all));
    }
    std::printf("\n");
  }
}

void print_ratios(std::vector<Judged> whole) {
  std::sort(whole.begin(), whole.end(),
            [](const Judged& a, const Judged& b) { return a.read < b.read; });
  std::printf(
      "letters of the whole text, of the ink's characters: least, 1 %%, 5 %%, 50 %%, 95 %%, "
      "99 %%, most:");
  for (const double at : {0.0, 0.01, 0.05, 0.5, 0.95, 0.99, 1.0}) {
    const auto place = static_cast<std::size_t>(at * static_cast<double>(whole.size() - 1));
    std::printf(" %.2f", whole[place].read);
  }
  std::printf("\n");
}

int run(const fs::path& folder) {
  const auto bytes = read_file(folder / "text.json", std::uint64_t{1} << 30);
  LECTIO_CHECK(bytes, bytes.error().message());
  for (const bool grounded : {false, true}) {
    std::vector<Judged> whole;
    std::vector<Judged> parts;
    Random random(1);
    for (const Json& entry : Json::parse(*bytes)) {
      const KnownPage known = known_page(folder, entry);
      if (letters_of(known.blocks) == 0) continue;
      whole.push_back(judged(known, known.blocks, grounded));
      for (const Judged& part : with_parts_left_out(known, grounded, random)) parts.push_back(part);
    }
    if (!grounded) print_ratios(whole);
    print_table(whole, parts, grounded);
  }
  return 0;
}

}  // namespace
}  // namespace lectio

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: lectio_unread_limits DIR, as lectio-train documents writes it\n");
    return 64;
  }
  return lectio::run(argv[1]);
}
