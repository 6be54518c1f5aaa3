// SPDX-License-Identifier: Apache-2.0
#include "optical/typeset/typeset_config.h"

#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

using Names = std::span<const char* const>;
constexpr std::array<const char*, 4> kAligns = {"left", "justify", "right", "center"};
constexpr std::array<const char*, 2> kHintings = {"none", "light"};

constexpr std::int64_t kMaxSide = 16'384;
constexpr std::int64_t kMaxColumns = 16;
constexpr std::int64_t kMaxCharacters = 1'000'000;

// A value for a message. Lists and objects by their type alone: writing them out would recurse as
// deep as they nest.
std::string shortened(const Json& json) {
  if (json.is_structured()) return json.type_name();
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() <= 40 ? text : text.substr(0, 40) + "...";
}

// Takes keys out of an object and notes what is wrong with them.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  void field(const char* key, std::int64_t& value) {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (found->is_number_integer()) {
      value = found->get<std::int64_t>();
    } else {
      expect(key, "a whole number", *found);
    }
  }
  void field(const char* key, double& value) {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (found->is_number()) {
      value = found->get<double>();
    } else {
      expect(key, "a number", *found);
    }
  }
  void field(const char* key, std::array<double, 4>& values) {
    const Json* found = find(key);
    if (found == nullptr) return;
    bool fits = found->is_array() && found->size() == values.size();
    for (std::size_t i = 0; fits && i < values.size(); ++i) {
      fits = (*found)[i].is_number();
      if (fits) values[i] = (*found)[i].get<double>();
    }
    if (!fits) expect(key, "four numbers: left, top, right, bottom", *found);
  }
  void field(const char* key, std::vector<std::string>& values) {
    const Json* found = find(key);
    if (found == nullptr) return;
    bool fits = found->is_array();
    values.clear();
    for (std::size_t i = 0; fits && i < found->size(); ++i) {
      fits = (*found)[i].is_string();
      if (fits) values.push_back((*found)[i].get<std::string>());
    }
    if (!fits) expect(key, "a list of paths", *found);
  }
  void colour(const char* key, std::array<std::uint8_t, 3>& value) {
    const Json* found = find(key);
    if (found == nullptr) return;
    const std::string text = found->is_string() ? found->get<std::string>() : "";
    bool fits = text.size() == 7 && text[0] == '#' &&
                text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos;
    for (std::size_t i = 0; fits && i < 3; ++i) {
      value[i] = static_cast<std::uint8_t>(std::stoi(text.substr(1 + 2 * i, 2), nullptr, 16));
    }
    if (!fits) expect(key, "a colour \"#rrggbb\"", *found);
  }
  template <typename Enum>
  void name(const char* key, Names names, Enum& value) {
    const Json* found = find(key);
    if (found == nullptr) return;
    std::string choice;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (found->is_string() && found->get<std::string>() == names[i]) {
        value = static_cast<Enum>(i);
        return;
      }
      choice += std::string(i == 0 ? "" : ", ") + "\"" + names[i] + "\"";
    }
    expect(key, "one of " + choice, *found);
  }

  std::string problems() {
    for (const auto& [key, value] : json_.items()) {
      if (seen_.count(key) == 0)
        problems_ += (problems_.empty() ? "" : "; ") + ("unknown key " + shortened(key));
    }
    return problems_;
  }

 private:
  const Json* find(const char* key) {
    seen_.insert(key);
    const auto found = json_.find(key);
    return found == json_.end() ? nullptr : &*found;
  }
  void expect(const char* key, const std::string& expected, const Json& found) {
    if (!problems_.empty()) problems_ += "; ";
    problems_ += std::string(key) + ": expected " + expected + ", found " + shortened(found);
  }

  const Json& json_;
  std::set<std::string> seen_;
  std::string problems_;
};

// Visits key and member of every field, for reading and writing alike.
template <typename Visitor, typename Config>
void visit(Visitor& visitor, Config& c) {
  visitor.field("width", c.width);
  visitor.field("height", c.height);
  visitor.field("fonts", c.fonts);
  visitor.field("size", c.size);
  visitor.field("characters_per_page", c.characters_per_page);
  visitor.field("line_pitch", c.line_pitch);
  visitor.field("margins", c.margins);
  visitor.name("align", kAligns, c.align);
  visitor.field("columns", c.columns);
  visitor.field("gutter", c.gutter);
  visitor.field("paragraph_indent", c.paragraph_indent);
  visitor.field("paragraph_space", c.paragraph_space);
  visitor.field("letter_spacing", c.letter_spacing);
  visitor.name("hinting", kHintings, c.hinting);
  visitor.colour("ink", c.ink);
  visitor.colour("paper", c.paper);
}

class Writer {
 public:
  template <typename T>
  void field(const char* key, const T& value) {
    json[key] = value;
  }
  void colour(const char* key, const std::array<std::uint8_t, 3>& value) {
    constexpr const char* kHex = "0123456789abcdef";
    std::string text = "#";
    for (const std::uint8_t channel : value) {
      text.push_back(kHex[channel >> 4]);
      text.push_back(kHex[channel & 15]);
    }
    json[key] = text;
  }
  template <typename Enum>
  void name(const char* key, Names names, Enum value) {
    json[key] = names[static_cast<std::size_t>(value)];
  }

  Json json = Json::object();
};

std::optional<std::string> out_of_range(const char* key, double value, double low, double high) {
  if (value >= low && value <= high) return std::nullopt;  // false for NaN too
  const auto number = [](double v) { return Json(v).dump(); };
  return std::string(key) + ": expected " + number(low) + " to " + number(high) + ", found " +
         number(value);
}

}  // namespace

Result<void> check_typeset_config(const TypesetConfig& c, std::string_view name) {
  const auto real = [](std::int64_t value) { return static_cast<double>(value); };
  std::string problems;
  const auto check = [&](const char* key, double value, double low, double high) {
    if (const auto problem = out_of_range(key, value, low, high)) {
      problems += (problems.empty() ? "" : "; ") + *problem;
    }
  };
  check("width", real(c.width), 16, real(kMaxSide));
  check("height", real(c.height), 16, real(kMaxSide));
  check("fonts (how many)", real(static_cast<std::int64_t>(c.fonts.size())), 1, 64);
  check("size", c.size, 2, 1024);
  check("characters_per_page", real(c.characters_per_page), 0, real(kMaxCharacters));
  check("line_pitch", c.line_pitch, 0.5, 10);
  check("margins left + right", c.margins[0] + c.margins[2], 0, real(c.width) - 8);
  check("margins top + bottom", c.margins[1] + c.margins[3], 0, real(c.height) - 8);
  for (const double margin : c.margins) check("margins", margin, 0, real(kMaxSide));
  check("columns", real(c.columns), 1, real(kMaxColumns));
  check("gutter", c.gutter, 0, real(c.width));
  check("paragraph_indent", c.paragraph_indent, 0, 100);
  check("paragraph_space", c.paragraph_space, 0, 100);
  check("letter_spacing", c.letter_spacing, -0.2, 10);
  if (problems.empty()) return {};
  return Error(ErrorCode::kInvalidArgument, std::string(name) + ": " + problems);
}

Result<TypesetConfig> parse_typeset_config(std::string_view json, std::string_view name) {
  const Json parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object()) {
    return Error(ErrorCode::kInvalidArgument, std::string(name) + ": expected a JSON object");
  }
  TypesetConfig config;
  Reader reader(parsed);
  visit(reader, config);
  if (const std::string problems = reader.problems(); !problems.empty()) {
    return Error(ErrorCode::kInvalidArgument, std::string(name) + ": " + problems);
  }
  LECTIO_TRY_VOID(check_typeset_config(config, name));
  return config;
}

std::string typeset_config_json(const TypesetConfig& config) {
  Writer writer;
  visit(writer, config);
  return writer.json.dump(2) + "\n";
}

}  // namespace lectio
