// SPDX-License-Identifier: Apache-2.0
// A report as a table for people and as JSON for programs.
#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "eval/pages_suite.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

struct Totals {
  std::int64_t vision_tokens = 0;
  std::int64_t content_tokens = 0;
  std::int64_t characters = 0;
  std::int64_t text_tokens = 0;
  double seconds = 0;
  double precision = 0;  // means over the pages
  double median = 0;
  Interval bounds;
  WordScore words;
  std::map<std::string, std::int64_t> endings;   // finish reason or "failed" -> pages
  std::map<std::string, std::int64_t> verdicts;  // likewise; empty where the reader gives none
};

const char* ending_of(const PageScore& page) {
  return page.error.empty() ? finish_reason_name(page.read.finish) : "failed";
}

std::string verdict_of(const PageScore& page) {
  return page.error.empty() ? page.verdict : "failed";
}

// Characters and text tokens of a failed page met no vision tokens, so they stay out of the ratios.
Totals totals_of(const SuiteReport& report) {
  Totals totals;
  const bool with_verdicts = std::ranges::any_of(
      report.pages, [](const PageScore& page) { return !page.verdict.empty(); });
  for (const PageScore& page : report.pages) {
    ++totals.endings[ending_of(page)];
    if (with_verdicts) ++totals.verdicts[verdict_of(page)];
    totals.seconds += page.seconds;
    totals.precision += page.character_precision;
    totals.words.precision += page.words.precision;
    totals.words.recall += page.words.recall;
    if (!page.error.empty()) continue;
    totals.vision_tokens += page.read.vision_tokens;
    totals.content_tokens += page.read.content_tokens;
    totals.characters += page.characters;
    totals.text_tokens += page.text_tokens;
  }
  const auto pages = static_cast<double>(report.pages.size());
  totals.precision = ratio(totals.precision, pages);
  totals.words.precision = ratio(totals.words.precision, pages);
  totals.words.recall = ratio(totals.words.recall, pages);
  const std::vector<double> precisions = report.precisions();
  totals.median = median_of(precisions);
  totals.bounds = bootstrap_mean_95(precisions);
  return totals;
}

// The totals as one page, for the ratios and the last line.
PageScore as_page(const Totals& totals) {
  PageScore sum;
  sum.name = "all";
  sum.read.vision_tokens = totals.vision_tokens;
  sum.read.content_tokens = totals.content_tokens;
  sum.characters = totals.characters;
  sum.text_tokens = totals.text_tokens;
  sum.character_precision = totals.precision;
  sum.words = totals.words;
  sum.seconds = totals.seconds;
  return sum;
}

std::string line_of(const PageScore& page, const std::string& mode, const std::string& ending) {
  char line[256];
  std::snprintf(line, sizeof(line),
                "%-20.40s %-8s %6lld %7lld %8.2f %8.1f %7.2f %8.4f %7.4f %7.4f %8.2f  %s\n",
                page.name.c_str(), mode.c_str(), static_cast<long long>(page.read.vision_tokens),
                static_cast<long long>(page.characters), page.characters_per_token(),
                page.pixels_per_character(), page.text_tokens_per_token(), page.character_precision,
                page.words.precision, page.words.recall, page.seconds, ending.c_str());
  return line;
}

Json json_of(const ErrorClasses& errors) {
  Json json = Json::object();
  for (const ErrorClassName& name : error_class_names()) {
    json[name.name] = errors.*name.characters;
    if (name.runs != nullptr) json[std::string(name.name) + "_count"] = errors.*name.runs;
  }
  json["truth_missed"] = errors.missed;
  return json;
}

Json json_of(const LayoutScore& layout) {
  return {{"expected", layout.expected},
          {"found", layout.found},
          {"matched", layout.matched},
          {"same_kind", layout.same_kind},
          {"precision", layout.precision()},
          {"recall", layout.recall()},
          {"f1", layout.f1()},
          {"kind_accuracy", layout.kind_accuracy()},
          {"mean_iou", layout.mean_iou()}};
}

std::string line_of(const LayoutScore& layout) {
  char line[256];
  std::snprintf(line, sizeof(line),
                "layout: precision %.4f, recall %.4f, F1 %.4f; kind accuracy %.4f, mean IoU %.4f; "
                "boxes: %lld expected, %lld found, %lld matched\n",
                layout.precision(), layout.recall(), layout.f1(), layout.kind_accuracy(),
                layout.mean_iou(), static_cast<long long>(layout.expected),
                static_cast<long long>(layout.found), static_cast<long long>(layout.matched));
  return line;
}

// Failed pages have no errors, and so their characters do not count.
std::string table_of(const ErrorClasses& errors, std::int64_t characters) {
  char line[160];
  std::snprintf(line, sizeof(line), "%-26s %7s %6s %9s\n", "errors", "chars", "runs", "per 1000");
  std::string table = line;
  const auto add = [&](const char* words, std::int64_t edits, const std::string& runs) {
    std::snprintf(line, sizeof(line), "%-26s %7lld %6s %9.2f\n", words,
                  static_cast<long long>(edits), runs.c_str(),
                  1000 * ratio(static_cast<double>(edits), static_cast<double>(characters)));
    table += line;
  };
  for (const ErrorClassName& name : error_class_names()) {
    add(name.words, errors.*name.characters,
        name.runs == nullptr ? "" : std::to_string(errors.*name.runs));
  }
  add("all", errors.all(), "");
  add("of the truth, in runs", errors.missed, "");
  return table;
}

Json numbers_of(const PageScore& page) {
  return {{"vision_tokens", page.read.vision_tokens},
          {"content_tokens", page.read.content_tokens},
          {"characters", page.characters},
          {"text_tokens", page.text_tokens},
          {"characters_per_content_token", page.characters_per_token()},
          {"pixels_per_character", page.pixels_per_character()},
          {"text_tokens_per_content_token", page.text_tokens_per_token()},
          {"character_precision", page.character_precision},
          {"word_set_precision", page.words.precision},
          {"word_set_recall", page.words.recall},
          {"seconds", page.seconds}};
}

Json json_of(const PageScore& page) {
  Json json = {{"image", page.name}};
  if (!page.error.empty()) json["error"] = page.error;
  json["mode"] = page.read.mode;
  json["finish"] = ending_of(page);
  if (!page.verdict.empty()) json["verdict"] = page.verdict;
  json.update(numbers_of(page));
  json["loop"] = page.loop;
  json["errors"] = json_of(page.errors);
  if (page.layout) json["layout"] = json_of(*page.layout);
  json["generated_tokens"] = page.read.ids.size();
  json["wasted_tokens"] = page.read.generated_tokens - std::ssize(page.read.ids);
  json["text"] = page.read.text;
  return json;
}

}  // namespace

std::string to_table(const SuiteReport& report) {
  const Totals totals = totals_of(report);
  char text[256];
  std::snprintf(text, sizeof(text), "%-20s %-8s %6s %7s %8s %8s %7s %8s %7s %7s %8s  %s\n", "page",
                "mode", "tokens", "chars", "chars/tk", "px2/char", "text/tk", "charprec", "wordP",
                "wordR", "seconds", totals.verdicts.empty() ? "finish" : "verdict");
  std::string table = text;
  for (const PageScore& page : report.pages)
    table +=
        line_of(page, page.read.mode, totals.verdicts.empty() ? ending_of(page) : verdict_of(page));

  std::string endings;
  for (const auto& [ending, pages] : totals.verdicts.empty() ? totals.endings : totals.verdicts) {
    endings += (endings.empty() ? "" : ", ") + ending + " " + std::to_string(pages);
  }
  table += line_of(as_page(totals), "", endings);
  std::snprintf(
      text, sizeof(text),
      "character precision: mean %.4f, 95 %% bounds %.4f to %.4f, median %.4f, %zu pages\n",
      totals.precision, totals.bounds.low, totals.bounds.high, totals.median, report.pages.size());
  table += text;
  std::snprintf(text, sizeof(text), "loops: %lld pages, %lld of them not flagged\n",
                static_cast<long long>(report.loops()),
                static_cast<long long>(report.unflagged_loops()));
  table += text;
  if (const auto layout = report.layout()) table += line_of(*layout);
  return table + table_of(report.errors(), totals.characters);
}

std::string to_json(const SuiteReport& report, std::string_view suite) {
  const Totals totals = totals_of(report);
  Json total = numbers_of(as_page(totals));
  total["character_precision_median"] = totals.median;
  total["character_precision_95"] = {totals.bounds.low, totals.bounds.high};
  total["finish"] = totals.endings;
  if (!totals.verdicts.empty()) total["verdict"] = totals.verdicts;
  total["loops"] = report.loops();
  total["unflagged_loops"] = report.unflagged_loops();
  total["errors"] = json_of(report.errors());
  if (const auto layout = report.layout()) total["layout"] = json_of(*layout);
  Json pages = Json::array();
  for (const PageScore& page : report.pages) pages.push_back(json_of(page));
  const Json json = {
      {"schema", "lectio.eval.pages"}, {"schema_version", 1},       {"suite", suite},
      {"cancelled", report.cancelled}, {"total", std::move(total)}, {"pages", std::move(pages)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lectio
