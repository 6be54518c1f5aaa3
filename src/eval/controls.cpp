// SPDX-License-Identifier: Apache-2.0
#include "eval/controls.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/splitmix.h"
#include "base/utf8.h"
#include "eval/metrics.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShown = 60;  // characters of a text in the table

void set_grey(Image& image, std::int64_t x, std::int64_t y, double level) {
  const auto value = static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0));
  std::fill_n(image.row(y) + 3 * x, 3, value);
}

Image noise(Image image, Random& random) {
  const double middle = random.uniform(100, 230);
  const double spread = random.uniform(20, 120);
  for (std::int64_t y = 0; y < image.height; ++y) {
    for (std::int64_t x = 0; x < image.width; ++x) {
      set_grey(image, x, y, middle + spread * (random.unit() + random.unit() - 1));
    }
  }
  return image;
}

// A gradient with a few discs and boxes of other greys on it.
Image picture(Image image, Random& random) {
  const double from = random.uniform(60, 250);
  const double to = random.uniform(60, 250);
  for (std::int64_t y = 0; y < image.height; ++y) {
    const double level =
        from + (to - from) * static_cast<double>(y) / static_cast<double>(image.height);
    for (std::int64_t x = 0; x < image.width; ++x) set_grey(image, x, y, level);
  }
  for (int shapes = 0; shapes < 12; ++shapes) {
    const std::int64_t cx = random.between(0, image.width - 1);
    const std::int64_t cy = random.between(0, image.height - 1);
    const std::int64_t radius = random.between(image.width / 20 + 1, image.width / 5 + 1);
    const double level = random.uniform(0, 255);
    const bool is_disc = random.chance(0.5);
    for (std::int64_t y = std::max<std::int64_t>(0, cy - radius);
         y < std::min(image.height, cy + radius); ++y) {
      for (std::int64_t x = std::max<std::int64_t>(0, cx - radius);
           x < std::min(image.width, cx + radius); ++x) {
        const std::int64_t square = (x - cx) * (x - cx) + (y - cy) * (y - cy);
        if (!is_disc || square < radius * radius) set_grey(image, x, y, level);
      }
    }
  }
  return image;
}

// The print's mirror image, with so much of its darkness.
Image from_behind(const Image& print, double share) {
  Image image(print.width, print.height, 255);
  for (std::int64_t y = 0; y < print.height; ++y) {
    for (std::int64_t x = 0; x < print.width; ++x) {
      const double level = print.row(y)[3 * (print.width - 1 - x)];
      set_grey(image, x, y, 255 - share * (255 - level));
    }
  }
  return image;
}

}  // namespace

std::vector<ControlPage> pages_without_text(const std::vector<Image>& prints, std::uint64_t seed) {
  Random random(splitmix64(seed));
  std::vector<ControlPage> pages;
  const auto add = [&](const char* kind, Image image) {
    const std::string name = std::string(kind) + " " + std::to_string(pages.size() + 1);
    pages.push_back({kind, Page{std::move(image), name}});
  };
  for (const Image& print : prints) {
    const auto flat = [&](std::int64_t low, std::int64_t high) {
      return Image(print.width, print.height, static_cast<std::uint8_t>(random.between(low, high)));
    };
    add("white", flat(245, 255));
    add("grey", flat(60, 220));
    add("black", flat(0, 12));
    add("noise", noise(flat(255, 255), random));
    add("picture", picture(flat(255, 255), random));
    add("bleed-through", from_behind(print, random.uniform(0.08, 0.18)));
  }
  return pages;
}

Result<std::vector<ControlScore>> score_controls(const std::vector<ControlPage>& pages,
                                                 const std::string& name,
                                                 const ControlReader& reader) {
  std::vector<ControlScore> scores;
  for (const ControlPage& control : pages) {
    auto score = std::ranges::find(scores, control.kind, &ControlScore::kind);
    if (score == scores.end()) {
      ControlScore fresh;
      fresh.reader = name;
      fresh.kind = control.kind;
      score = scores.insert(score, std::move(fresh));
    }
    ++score->pages;
    const Result<ControlReading> reading = reader(control.page);
    if (!reading) {
      if (reading.error().code() == ErrorCode::kCancelled) return reading.error();
      ++score->failed;
      continue;
    }
    const std::u32string text = collapse_whitespace(reading->text);
    if (text.empty()) continue;
    ++score->with_text;
    score->unflagged += reading->flagged ? 0 : 1;
    score->characters += static_cast<std::int64_t>(text.size());
    if (static_cast<std::int64_t>(text.size()) > count_code_points(score->longest)) {
      score->longest.clear();
      for (const char32_t code : text) append_utf8(score->longest, code);
    }
  }
  return scores;
}

namespace {

std::string table_of(const std::vector<ControlScore>& scores) {
  char line[160];
  std::snprintf(line, sizeof(line), "%-10s %-14s %6s %7s %10s %10s %11s  %s\n", "reader", "page",
                "pages", "failed", "with text", "unflagged", "characters", "longest");
  std::string table = line;
  for (const ControlScore& score : scores) {
    std::snprintf(line, sizeof(line), "%-10s %-14s %6lld %7lld %10lld %10lld %11lld  ",
                  score.reader.c_str(), score.kind.c_str(), static_cast<long long>(score.pages),
                  static_cast<long long>(score.failed), static_cast<long long>(score.with_text),
                  static_cast<long long>(score.unflagged),
                  static_cast<long long>(score.characters));
    std::string shown;
    const std::u32string longest = collapse_whitespace(score.longest);
    for (const char32_t code : longest.substr(0, kShown)) append_utf8(shown, code);
    table += line + shown + (longest.size() > kShown ? "..." : "") + "\n";
  }
  return table;
}

std::string table_of(const std::vector<TextScore>& scores) {
  char line[160];
  std::snprintf(line, sizeof(line), "%-30s %6s %7s %11s %10s  %s\n", "text", "pages", "failed",
                "characters", "precision", "95 % bounds");
  std::string table = line;
  for (const TextScore& score : scores) {
    std::snprintf(line, sizeof(line), "%-30s %6lld %7lld %11lld %10.4f  %.4f to %.4f\n",
                  score.kind.c_str(), static_cast<long long>(score.pages),
                  static_cast<long long>(score.failed), static_cast<long long>(score.characters),
                  score.precision, score.bounds.low, score.bounds.high);
    table += line;
  }
  return table;
}

Json json_of(const ControlScore& score) {
  return {{"reader", score.reader},         {"page", score.kind},
          {"pages", score.pages},           {"failed", score.failed},
          {"with_text", score.with_text},   {"unflagged", score.unflagged},
          {"characters", score.characters}, {"longest", score.longest}};
}

Json json_of(const TextScore& score) {
  return {{"text", score.kind},
          {"pages", score.pages},
          {"failed", score.failed},
          {"characters", score.characters},
          {"character_precision", score.precision},
          {"character_precision_95", {score.bounds.low, score.bounds.high}}};
}

}  // namespace

std::string to_table(const ControlsReport& report) {
  return table_of(report.without_text) + "\n" + table_of(report.texts);
}

std::string to_json(const ControlsReport& report) {
  Json without_text = Json::array();
  for (const ControlScore& score : report.without_text) without_text.push_back(json_of(score));
  Json texts = Json::array();
  for (const TextScore& score : report.texts) texts.push_back(json_of(score));
  const Json json = {{"schema", "lectio.eval.controls"},
                     {"schema_version", 1},
                     {"without_text", std::move(without_text)},
                     {"texts", std::move(texts)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lectio
