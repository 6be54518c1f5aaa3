// SPDX-License-Identifier: Apache-2.0
#include "train/curves.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace lectio::train {
namespace {

using Json = nlohmann::json;

constexpr double kMemory = 0.9;  // of the running mean over log lines

void add(Chart& chart, const std::string& name, double minutes, const Json& entry, bool smooth) {
  const auto accuracy = entry.find("accuracy");
  if (accuracy == entry.end() || !accuracy->is_number()) return;
  std::vector<PlotPoint>& points = chart.line(name).points;
  double y = accuracy->get<double>();
  if (smooth && !points.empty()) y = kMemory * points.back().y + (1.0 - kMemory) * y;
  points.push_back({minutes, y, y, y});
}

void fit_range(Chart& chart) {
  double low = 1.0;
  for (const PlotSeries& series : chart.series) {
    for (const PlotPoint& p : series.points) low = std::min(low, p.y);
  }
  chart.y_min = low - 0.05 * (1.0 - low);
}

}  // namespace

Result<std::vector<Chart>> learning_curves(std::string_view log) {
  std::vector<Chart> charts(2);
  charts[0].title = "Pages trained on";
  charts[1].title = "Controls: held-out text";
  for (Chart& chart : charts) {
    chart.x_label = "minutes";
    chart.y_label = "token accuracy, true text fed in";
  }
  std::int64_t number = 0;
  while (!log.empty()) {
    ++number;
    const std::string_view line = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(log.size(), line.size() + 1));
    if (line.empty()) continue;
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) {
      return Error(ErrorCode::kInvalidInput,
                   "line " + std::to_string(number) + ": expected a JSON object");
    }
    const bool controls = json.contains("sets");
    const auto seconds = json.find("seconds");
    const auto entries = json.find(controls ? "sets" : "levels");
    if (entries == json.end() || !entries->is_object() || seconds == json.end() ||
        !seconds->is_number()) {
      continue;
    }
    for (const auto& [name, entry] : entries->items()) {
      add(charts[controls ? 1 : 0], name, seconds->get<double>() / 60.0, entry, !controls);
    }
  }
  std::erase_if(charts, [](const Chart& chart) { return chart.series.empty(); });
  if (charts.empty()) {
    return Error(ErrorCode::kInvalidInput, "expected lines of a training log, found none");
  }
  for (Chart& chart : charts) fit_range(chart);
  return charts;
}

}  // namespace lectio::train
