// SPDX-License-Identifier: Apache-2.0
#include "proof/prove_rules.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"
#include "media/image/formula_picture.h"
#include "media/image/resize.h"
#include "model/vision/position_tables.h"
#include "ocr/generate/generate.h"
#include "ocr/generate/repeat_guard.h"
#include "ocr/views/views.h"
#include "proof/golden_file.h"

namespace lectio::proof {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMostSide = 8192;  // of pictures that a golden file may ask for
// The golden tables come from F32 arithmetic; what they differ from exact arithmetic was measured
// at 8.7e-6.
constexpr double kTableTolerance = 2e-5;

Result<Json> read_json(const std::filesystem::path& path) {
  LECTIO_TRY(const std::string text, read_file(path, std::uint64_t{1} << 24));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) return json;
  return Error(ErrorCode::kInvalidInput, path.string() + ": expected a JSON object");
}

// A part of a golden JSON file: how many of its items come out otherwise. An item that lacks what
// it should have throws Json::exception.
StageCheck count_items(const std::string& name, const Json& items,
                       const std::function<bool(const Json&)>& agrees) {
  StageCheck check = told(name, Measure::kCount);
  std::int64_t differ = 0;
  for (const Json& item : items) {
    if (agrees(item)) continue;
    if (differ++ == 0) check.note = item.dump().substr(0, 80);
  }
  if (items.empty()) throw Json::other_error::create(501, name + " is empty", &items);
  check.max_error = static_cast<double>(differ);
  check.norm_error = check.max_error / static_cast<double>(items.size());
  return judged(std::move(check));
}

// Json::exception as an error of the file.
Result<CaseReport> guarded(const std::filesystem::path& path,
                           const std::function<CaseReport(const Json&)>& prove) {
  LECTIO_TRY(const Json json, read_json(path));
  try {
    return prove(json);
  } catch (const Json::exception& problem) {
    return Error(ErrorCode::kInvalidInput, path.string() + ": " + problem.what());
  }
}

std::int64_t side(const Json& item, const char* key) {
  const auto value = item.at(key).get<std::int64_t>();
  if (value < 1 || value > kMostSide)
    throw Json::other_error::create(501, std::string(key) + " is no side of a picture", &item);
  return value;
}

Image source_of(const Json& item) {
  const auto kind = item.at("kind").get<std::string>();
  if (!is_formula_picture(kind)) throw Json::other_error::create(501, "kind " + kind, &item);
  return formula_picture(kind, side(item, "w"), side(item, "h"),
                         item.at("seed").get<std::uint64_t>());
}

bool same_bytes(const Image& image, const Json& item) {
  return sha256_hex(image.pixels) == item.at("sha256");
}

bool resizes_alike(const Json& item) {
  return same_bytes(resize_bicubic(source_of(item), side(item, "W"), side(item, "H")), item);
}

bool pads_alike(const Json& item) {
  const Image source = source_of(item);
  const auto plan = plan_pad(source.width, source.height, side(item, "S"));
  const auto image = pad_to_square(source, side(item, "S"));
  return plan && image && plan->width == item.at("new_w") && plan->height == item.at("new_h") &&
         plan->x == item.at("x") && plan->y == item.at("y") && same_bytes(*image, item);
}

bool tiles_alike(const Json& item) {
  const Image source = source_of(item);
  const Family family = item.at("version") == 1 ? Family::kV1 : Family::kV2;
  ViewOptions options;
  options.max_tiles = item.at("M").get<std::int64_t>();
  const auto plan = plan_views(family, source.width, source.height, Mode::kGundam, options);
  if (!plan) return false;
  const TileGrid grid = plan->tiles.value_or(TileGrid{});
  const Json& tiles = item.at("tiles");
  const auto images = cut_images(source, *plan);
  if (!images || grid.columns != item.at("cols") || grid.rows != item.at("rows") ||
      images->size() != tiles.size() + 1) {
    return false;
  }
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    if (!same_bytes((*images)[i + 1], tiles[i])) return false;
  }
  return true;
}

// [width, height, [columns, rows] four times].
bool grids_alike(const Json& row) {
  constexpr std::pair<std::int64_t, std::int64_t> kSettings[] = {
      {640, 9}, {640, 6}, {768, 6}, {768, 9}};
  std::size_t column = 2;
  for (const auto& [tile, most] : kSettings) {
    const TileGrid grid = choose_tile_grid(row.at(0), row.at(1), tile, most);
    const Json& expected = row.at(column++);
    if (grid.columns != expected.at(0) || grid.rows != expected.at(1)) return false;
  }
  return true;
}

// [level, F32 bits, bf16 bits].
bool levels_alike(const Json& item) {
  const float value = normalised(static_cast<std::uint8_t>(item.at(0).get<int>()));
  const auto bits = [&](std::size_t i) {
    return std::strtoul(item.at(i).get<std::string>().c_str(), nullptr, 16);
  };
  return std::bit_cast<std::uint32_t>(value) == bits(1) && float_to_bf16(value) == bits(2);
}

Json levels(const Json& table) {
  Json list = Json::array();
  for (std::size_t level = 0; level < 256; ++level) {
    list.push_back({level, table.at("f32_hex").at(level), table.at("bf16_hex").at(level)});
  }
  return list;
}

struct Decision {
  NoRepeatRule rule;
  std::vector<std::int32_t> tokens;
  std::vector<std::int32_t> banned;
};

Decision decision_of(const Json& item) {
  Decision decision;
  const bool windowed = item.at("rule") == "window";
  decision.rule.kind = windowed ? NoRepeatRule::Kind::kWindow : NoRepeatRule::Kind::kWholeSequence;
  decision.rule.n = std::max<std::int64_t>(1, item.at("n").get<std::int64_t>());
  if (windowed) decision.rule.window = item.at("W").get<std::int64_t>();
  item.at("whitelist").get_to(decision.rule.whitelist);
  item.at("tokens").get_to(decision.tokens);
  item.at("banned").get_to(decision.banned);
  return decision;
}

bool plain_rule_agrees(const Json& item) {
  const Decision decision = decision_of(item);
  return banned_tokens(decision.rule, {}, decision.tokens) == decision.banned;
}

bool guard_agrees(const Json& item) {
  const Decision decision = decision_of(item);
  RepeatGuard guard(decision.rule, {}, std::ssize(decision.tokens));
  for (const std::int32_t token : decision.tokens) guard.push(token);
  return std::ranges::equal(guard.banned(), decision.banned);
}

StageCheck check_table(const std::string& name, TensorView got, TensorView expected) {
  StageCheck check = told(name, Measure::kLogit);
  check.tolerance = kTableTolerance;
  if (got.shape.elements() != expected.shape.elements()) {
    check.max_error = INFINITY;
    check.note = "shape is " + got.shape.to_string() + ", expected " + expected.shape.to_string();
    return judged(std::move(check));
  }
  double squares = 0;
  double expected_squares = 0;
  for (std::size_t i = 0; i < got.floats().size(); ++i) {
    const auto wanted = static_cast<double>(expected.floats()[i]);
    const double difference = std::abs(static_cast<double>(got.floats()[i]) - wanted);
    check.max_error = std::max(check.max_error, difference);
    squares += difference * difference;
    expected_squares += wanted * wanted;
  }
  check.norm_error = std::sqrt(squares / expected_squares);
  return judged(std::move(check));
}

}  // namespace

Result<CaseReport> prove_pictures(const std::filesystem::path& golden) {
  return guarded(golden / "preprocess.json", [](const Json& json) {
    CaseReport report;
    report.name = "pictures";
    report.checks = {count_items("resize", json.at("resize"), resizes_alike),
                     count_items("pad", json.at("pad"), pads_alike),
                     count_items("tiles", json.at("tiles"), tiles_alike),
                     count_items("grid", json.at("grid").at("rows"), grids_alike),
                     count_items("pixel", levels(json.at("pixel")), levels_alike)};
    return report;
  });
}

Result<CaseReport> prove_no_repeat(const std::filesystem::path& golden) {
  return guarded(golden / "ngram.json", [](const Json& json) {
    CaseReport report;
    report.name = "tokens";
    report.checks = {count_items("plain rule", json.at("cases"), plain_rule_agrees),
                     count_items("guard", json.at("cases"), guard_agrees)};
    return report;
  });
}

Result<CaseReport> prove_tables(const std::filesystem::path& golden) {
  LECTIO_TRY(const GoldenFile file, GoldenFile::open(golden / "interp.safetensors"));
  LECTIO_TRY(const TensorView sam, file.tensor("sam_pos.table"));
  LECTIO_TRY(const TensorView clip, file.tensor("clip_pos.table"));
  LECTIO_TRY(const TensorView relative, file.tensor("rel_pos.table"));
  if (sam.shape.elements() % (64 * 64) != 0 || clip.rows() != 257 || relative.rows() != 127) {
    return Error(ErrorCode::kInvalidInput, "interp.safetensors: tables of other extents");
  }
  CaseReport report;
  report.name = "tables";
  const TensorView sam_rows = sam.reshaped({64 * 64, sam.shape.elements() / (64 * 64)});
  for (const std::int64_t patches : {32, 40, 48, 64, 80}) {
    const std::string name = "sam_pos." + std::to_string(patches);
    LECTIO_TRY(const TensorView expected, file.tensor(name));
    report.checks.push_back(check_table(name, resize_grid(sam_rows, 64, patches).view(), expected));
  }
  for (const std::int64_t tokens : {8, 10, 12, 16, 20}) {
    const std::string name = "clip_pos." + std::to_string(tokens);
    LECTIO_TRY(const TensorView expected, file.tensor(name));
    if (expected.rows() != tokens * tokens + 1) {
      return Error(ErrorCode::kInvalidInput, "interp.safetensors: " + name + " of other extents");
    }
    // The class token's row stays as it is.
    report.checks.push_back(check_table(name,
                                        resize_grid(clip.row_range(1, 256), 16, tokens).view(),
                                        expected.row_range(1, tokens * tokens)));
  }
  for (const std::int64_t patches : {32, 40, 48, 64, 80}) {
    const std::string name = "rel_pos." + std::to_string(patches);
    LECTIO_TRY(const TensorView expected, file.tensor(name));
    report.checks.push_back(
        check_table(name, resize_line(relative, 2 * patches - 1).view(), expected));
  }
  return report;
}

}  // namespace lectio::proof
