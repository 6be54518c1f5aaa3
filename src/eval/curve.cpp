// SPDX-License-Identifier: Apache-2.0
#include "eval/curve.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

CurvePoint point_of(const CurveRow& row) {
  PageScore sum;
  CurvePoint point;
  std::vector<double> precisions;
  for (const PageScore& page : row.pages) {
    precisions.push_back(page.character_precision);
    point.words.precision += page.words.precision;
    point.words.recall += page.words.recall;
    if (!page.error.empty()) continue;
    sum.characters += page.characters;
    sum.text_tokens += page.text_tokens;
    sum.read.content_tokens += page.read.content_tokens;
  }
  const auto n = static_cast<double>(row.pages.size());
  point.pixels_per_character = sum.pixels_per_character();
  point.characters_per_token = sum.characters_per_token();
  point.text_tokens_per_token = sum.text_tokens_per_token();
  point.words.precision = ratio(point.words.precision, n);
  point.words.recall = ratio(point.words.recall, n);
  point.precision = mean_of(precisions);
  point.median = median_of(precisions);
  point.bounds = bootstrap_mean_95(precisions);
  return point;
}

std::string to_markdown(const Curve& curve) {
  std::string table =
      "Model: " + curve.model + ". Text tokens are those of " + curve.tokenizer +
      ".\n\n| text | pages | px² per character | characters per vision token | text "
      "tokens per vision token | precision | 95 % bounds | median | words found "
      "(precision, recall) |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const CurveRow& row : curve.rows) {
    const CurvePoint p = point_of(row);
    char line[256];
    std::snprintf(line, sizeof(line),
                  "| %s | %zu | %.0f | %.1f | %.1f | %.3f | %.3f to %.3f | %.3f | %.3f, %.3f |\n",
                  row.text.c_str(), row.pages.size(), p.pixels_per_character,
                  p.characters_per_token, p.text_tokens_per_token, p.precision, p.bounds.low,
                  p.bounds.high, p.median, p.words.precision, p.words.recall);
    table += line;
  }
  return table;
}

std::string to_json(const Curve& curve) {
  Json rows = Json::array();
  for (const CurveRow& row : curve.rows) {
    const CurvePoint p = point_of(row);
    Json pages = Json::array();
    for (const PageScore& page : row.pages) {
      pages.push_back(
          {{"error", page.error},
           {"characters", page.characters},
           {"text_tokens", page.text_tokens},
           {"vision_tokens", page.read.vision_tokens},
           {"content_tokens", page.read.content_tokens},
           {"character_precision", page.character_precision},
           {"finish", page.error.empty() ? finish_reason_name(page.read.finish) : "failed"}});
    }
    rows.push_back({{"text", row.text},
                    {"wanted_pixels_per_character", row.wanted_area},
                    {"pixels_per_character", p.pixels_per_character},
                    {"characters_per_content_token", p.characters_per_token},
                    {"text_tokens_per_content_token", p.text_tokens_per_token},
                    {"character_precision", p.precision},
                    {"character_precision_95", {p.bounds.low, p.bounds.high}},
                    {"character_precision_median", p.median},
                    {"word_set_precision", p.words.precision},
                    {"word_set_recall", p.words.recall},
                    {"pages", std::move(pages)}});
  }
  const Json json = {{"schema", "lectio.eval.curve"},
                     {"schema_version", 1},
                     {"model", curve.model},
                     {"tokenizer", curve.tokenizer},
                     {"rows", std::move(rows)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<Chart> charts_of(const Curve& curve) {
  std::vector<Chart> charts(2);
  charts[0].x_label = "characters per vision token";
  charts[1].x_label = "text tokens per vision token";
  for (Chart& chart : charts) {
    chart.title = "Text read back from vision tokens";
    chart.y_label = "character precision";
  }
  for (const CurveRow& row : curve.rows) {
    const CurvePoint p = point_of(row);
    for (std::size_t i = 0; i < charts.size(); ++i) {
      charts[i].line(row.text).points.push_back(
          {i == 0 ? p.characters_per_token : p.text_tokens_per_token, p.precision, p.bounds.low,
           p.bounds.high});
    }
  }
  return charts;
}

}  // namespace lectio
