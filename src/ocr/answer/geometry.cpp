// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/geometry.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <optional>

#include "ocr/answer/markup.h"
#include "ocr/answer/python_literal.h"

namespace lectio {
namespace {

constexpr double kAxis = 15;  // both axes go from -kAxis to kAxis
constexpr double kSide = 600;
constexpr double kLineWidth = 0.8 * 200 / 72;  // 0.8 points at 200 dpi

std::optional<double> read_number(std::string_view& text) {
  text = trimmed(text);
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || !std::isfinite(value)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view sign) {
  text = trimmed(text);
  if (text.substr(0, sign.size()) != sign) return false;
  text.remove_prefix(sign.size());
  return true;
}

// "(x, y)"
std::optional<Point> read_point(std::string_view& text) {
  if (!take(text, "(")) return std::nullopt;
  const auto x = read_number(text);
  if (!x || !take(text, ",")) return std::nullopt;
  const auto y = read_number(text);
  if (!y || !take(text, ")")) return std::nullopt;
  return Point{*x, *y};
}

// "A: (x, y)"
std::optional<Geometry::Named> read_named(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view name = trimmed(text.substr(0, colon));
  std::string_view rest = text.substr(colon + 1);
  const auto point = read_point(rest);
  if (!point || !trimmed(rest).empty()) return std::nullopt;
  return Geometry::Named{std::string(name), *point};
}

const std::vector<PythonValue>& list_at(const PythonValue* dict, std::string_view key) {
  static const std::vector<PythonValue> kNothing;
  const PythonValue* const list = dict != nullptr ? dict->find(key) : nullptr;
  return list != nullptr && list->kind == PythonValue::Kind::kList ? list->items : kNothing;
}

void read_lines(const PythonValue* lines, Geometry& geometry) {
  const auto& styles = list_at(lines, "line_type");
  const auto& segments = list_at(lines, "line");
  for (std::size_t i = 0; i < segments.size(); ++i) {
    std::string_view text = segments[i].string;
    const auto from = read_point(text);
    if (!from || !take(text, "--")) continue;
    const auto to = read_point(text);
    if (!to || !trimmed(text).empty()) continue;
    geometry.segments.push_back({*from, *to, i < styles.size() ? styles[i].string : ""});
  }
  for (const PythonValue& endpoint : list_at(lines, "line_endpoint")) {
    if (auto named = read_named(endpoint.string)) geometry.endpoints.push_back(*std::move(named));
  }
}

void read_circles(const PythonValue* circles, Geometry& geometry) {
  const auto& centers = list_at(circles, "circle_center");
  const auto& radii = list_at(circles, "radius");
  for (std::size_t i = 0; i < centers.size() && i < radii.size(); ++i) {
    const auto center = read_named(centers[i].string);
    if (!center || radii[i].kind != PythonValue::Kind::kNumber || !(radii[i].number > 0)) continue;
    geometry.circles.push_back({center->at, radii[i].number});
  }
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '<') {
      result += "&lt;";
    } else if (c == '&') {
      result += "&amp;";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      result += c;
    }
  }
  return result;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return text;
}
std::string across(double x) { return number((x + kAxis) / (2 * kAxis) * kSide); }
std::string down(double y) { return number((kAxis - y) / (2 * kAxis) * kSide); }

}  // namespace

bool is_geometry(std::string_view answer) {
  return answer.find("line_type") != std::string_view::npos;
}

Result<Geometry> parse_geometry(std::string_view answer) {
  const std::size_t begin = answer.find('{');
  const std::size_t end = answer.rfind('}');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return Error(ErrorCode::kInvalidInput, "geometry: expected a dictionary, found none");
  }
  LECTIO_TRY(const PythonValue value, parse_python_literal(answer.substr(begin, end + 1 - begin)));
  const PythonValue* const lines = value.find("Line");
  if (lines == nullptr || lines->kind != PythonValue::Kind::kDict) {
    return Error(ErrorCode::kInvalidInput, "geometry: Line: expected a dictionary, found none");
  }
  Geometry geometry;
  read_lines(lines, geometry);
  read_circles(value.find("Circle"), geometry);
  return geometry;
}

std::string geometry_svg(const Geometry& geometry) {
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"600\" height=\"600\" "
      "viewBox=\"0 0 600 600\">\n<rect width=\"600\" height=\"600\" fill=\"white\"/>\n"
      "<g stroke=\"black\" fill=\"none\" stroke-width=\"" +
      number(kLineWidth) + "\">\n";
  for (const Geometry::Segment& s : geometry.segments) {
    svg += "<line x1=\"" + across(s.from.x) + "\" y1=\"" + down(s.from.y) + "\" x2=\"" +
           across(s.to.x) + "\" y2=\"" + down(s.to.y) + "\"/>\n";
  }
  for (const Geometry::Circle& c : geometry.circles) {
    svg += "<circle cx=\"" + across(c.center.x) + "\" cy=\"" + down(c.center.y) + "\" r=\"" +
           number(c.radius / (2 * kAxis) * kSide) + "\"/>\n";
  }
  svg += "</g>\n<g font-family=\"sans-serif\" font-size=\"20\">\n";
  for (const Geometry::Named& point : geometry.endpoints) {
    svg += "<circle cx=\"" + across(point.at.x) + "\" cy=\"" + down(point.at.y) +
           "\" r=\"2.5\"/>\n<text x=\"" + across(point.at.x) + "\" y=\"" + down(point.at.y) +
           "\" dx=\"3\" dy=\"-3\">" + escaped(point.name) + "</text>\n";
  }
  return svg + "</g>\n</svg>\n";
}

}  // namespace lectio
