// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "ocr/verdict/evidence_json.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kVerdicts = {Verdict::kOk,         Verdict::kBlank,    Verdict::kTruncated,
                                  Verdict::kRepetition, Verdict::kDegraded, Verdict::kLowConfidence,
                                  Verdict::kFailed,     Verdict::kSkipped};

// At a depth: every line behind so many spaces.
std::string dump(const Json& json, std::size_t depth) {
  const std::string text = json.dump(1, ' ', false, Json::error_handler_t::replace);
  std::string indented(depth, ' ');
  for (const char c : text) {
    indented += c;
    if (c == '\n') indented.append(depth, ' ');
  }
  return indented;
}

}  // namespace

RunReport::RunReport(std::vector<InputFile> inputs) {
  for (InputFile& input : inputs) entries_.push_back({std::move(input), -1, {}});
}

void RunReport::expect(std::size_t input, std::int64_t pages) { entries_[input].expected = pages; }

void RunReport::add_line(std::size_t input, Line line) {
  ++counts_[static_cast<std::size_t>(line.verdict)];
  entries_[input].lines.push_back(std::move(line));
}

void RunReport::add(const PageResult& result) {
  from_store_ += result.from_store ? 1 : 0;
  const PageText& text = result.reading.text;
  add_line(result.input,
           {result.page, result.reading.verdict, result.key, result.width, result.height, text.mode,
            text.vision_tokens, std::ssize(text.ids), lectio::to_json(result.reading.evidence)});
}

void RunReport::close() {
  Evidence stopped;
  stopped.skipped = "stopped before its turn";
  const std::string evidence = lectio::to_json(stopped);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto missing =
        std::max<std::int64_t>(entries_[i].expected, 1) - std::ssize(entries_[i].lines);
    for (std::int64_t n = 0; n < missing; ++n) {
      add_line(i, {-1, Verdict::kSkipped, "", 0, 0, "", 0, 0, evidence});
    }
  }
}

std::int64_t RunReport::pages() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

std::int64_t RunReport::expected() const {
  std::int64_t sum = 0;
  for (const Entry& entry : entries_) sum += std::max<std::int64_t>(entry.expected, 1);
  return sum;
}

// A document of the report; the tree of one is kept at a time.
std::string RunReport::document_of(const Entry& entry) {
  Json pages = Json::array();
  for (const Line& line : entry.lines) {
    Json page;
    if (line.page >= 0) page["page"] = line.page + 1;  // as people count
    page["verdict"] = verdict_name(line.verdict);
    if (!line.key.empty()) page["key"] = line.key;
    if (line.width > 0) page["pixels"] = {{"width", line.width}, {"height", line.height}};
    if (!line.mode.empty()) {
      page["mode"] = line.mode;
      page["vision_tokens"] = line.vision_tokens;
      page["tokens"] = line.tokens;
    }
    page["evidence"] = Json::parse(line.evidence);
    pages.push_back(std::move(page));
  }
  return dump({{"source", entry.input.path.string()},
               {"place", entry.input.place.string()},
               {"pages", std::move(pages)}},
              2);
}

std::string RunReport::to_json(std::string_view producer, int exit_code) const {
  Json totals = {{"pages", pages()}};
  for (const Verdict verdict : kVerdicts)
    totals[std::string(verdict_name(verdict))] = count(verdict);
  const Json head = {{"schema", "lectio.report"},         {"schema_version", 1},
                     {"producer", std::string(producer)}, {"exit_code", exit_code},
                     {"totals", std::move(totals)},       {"documents", Json::array()}};
  std::string text = dump(head, 0);
  if (entries_.empty()) return text + "\n";

  text.resize(text.rfind(']'));
  for (const Entry& entry : entries_) {
    text += (&entry == &entries_.front() ? "\n" : ",\n") + document_of(entry);
  }
  return text + "\n ]\n}\n";
}

std::string RunReport::summary() const {
  std::string table;
  const auto line = [&](std::string_view name, std::int64_t number) {
    std::string text(name);
    text.resize(16, ' ');
    std::string digits = std::to_string(number);
    digits.insert(0, 8 - std::min<std::size_t>(8, digits.size()), ' ');
    table += text + digits + "\n";
  };
  for (const Verdict verdict : kVerdicts) {
    if (count(verdict) > 0) line(verdict_name(verdict), count(verdict));
  }
  line("pages", pages());
  return table;
}

}  // namespace lectio
