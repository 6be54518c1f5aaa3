// SPDX-License-Identifier: Apache-2.0
#include "ocr/sources/pdf_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/entity.h"

namespace lectio {
namespace {

// name="12.5"
std::optional<double> attribute(std::string_view tag, std::string_view name) {
  const std::size_t at = tag.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  tag.remove_prefix(at + name.size());
  double value = 0;
  const auto [end, problem] = std::from_chars(tag.data(), tag.data() + tag.size(), value);
  if (problem != std::errc() || !std::isfinite(value) || std::abs(value) > 1e6) return std::nullopt;
  return value;
}

std::string_view without_indent(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

class LayerReader {
 public:
  LayerReader(double scale, std::int64_t width, std::int64_t height)
      : scale_(scale),
        width_(width),
        height_(height) {}

  Result<TextLayer> read(std::string_view xml) {
    bool page = false;
    while (!xml.empty()) {
      const std::string_view line = without_indent(take_line(xml));
      if (line.starts_with("<page ")) page = true;
      if (line.starts_with("<block ")) separator_ = "\n\n";
      if (line.starts_with("<line ")) {
        if (separator_ != "\n\n") separator_ = "\n";
        new_line_ = true;
      }
      if (line.starts_with("<word ")) LECTIO_TRY_VOID(add_word(line));
    }
    if (!page) return wrong("no page");
    return std::move(layer_);
  }

 private:
  static Error wrong(std::string_view found) {
    return Error(ErrorCode::kInvalidInput,
                 "pdftotext: cannot read '" + std::string(found.substr(0, 100)) + "'");
  }

  std::int64_t pixel(double points, std::int64_t most, bool up) const {
    const double place = points * scale_;
    return std::clamp<std::int64_t>(
        static_cast<std::int64_t>(up ? std::ceil(place) : std::floor(place)), 0, most);
  }

  Result<void> add_word(std::string_view line) {
    const std::size_t end_of_tag = line.find('>');
    const std::size_t end = line.rfind("</word>");
    const std::string_view tag = line.substr(0, end_of_tag);
    const auto x0 = attribute(tag, " xMin=\"");
    const auto y0 = attribute(tag, " yMin=\"");
    const auto x1 = attribute(tag, " xMax=\"");
    const auto y1 = attribute(tag, " yMax=\"");
    if (end == std::string_view::npos || end < end_of_tag || !x0 || !y0 || !x1 || !y1) {
      return wrong(line);
    }
    const std::string text = without_entities(line.substr(end_of_tag + 1, end - end_of_tag - 1));
    const Box box{pixel(*x0, width_, false), pixel(*y0, height_, false), pixel(*x1, width_, true),
                  pixel(*y1, height_, true)};
    if (text.empty() || box.empty()) return {};
    if (!layer_.text.empty()) layer_.text += separator_;
    if (new_line_ && !layer_.words.empty()) ++line_;
    new_line_ = false;
    separator_ = " ";
    const std::size_t begin = layer_.text.size();
    layer_.text += text;
    layer_.words.push_back({begin, layer_.text.size(), box, line_});
    return {};
  }

  double scale_;
  std::int64_t width_, height_;
  TextLayer layer_;
  std::string_view separator_ = " ";
  bool new_line_ = false;
  std::size_t line_ = 0;
};

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    line = without_indent(line);
    if (line.empty()) return fields;
    fields.push_back(line.substr(0, line.find(' ')));
    line.remove_prefix(fields.back().size());
  }
}

double number(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::isfinite(value) ? value : 0;
}

}  // namespace

Result<TextLayer> parse_pdf_text(std::string_view xml, double scale, std::int64_t width,
                                 std::int64_t height) {
  return LayerReader(scale, width, height).read(xml);
}

double picture_share(std::string_view list, double square_inches) {
  // page num type width height color comp bpc enc interp object ID x-ppi y-ppi size ratio
  constexpr std::size_t kFields = 16;
  double largest = 0;
  while (!list.empty()) {
    const std::vector<std::string_view> fields = fields_of(take_line(list));
    if (fields.size() < kFields - 1) continue;
    if (fields[2] != "image" && fields[2] != "stencil") continue;
    const double across = number(fields[12]);
    const double down = number(fields[13]);
    if (across <= 0 || down <= 0 || square_inches <= 0) continue;
    const double inches = number(fields[3]) / across * number(fields[4]) / down;
    largest = std::max(largest, std::min(1.0, inches / square_inches));
  }
  return largest;
}

}  // namespace lectio
