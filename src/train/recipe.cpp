// SPDX-License-Identifier: Apache-2.0
#include "train/recipe.h"

#include <nlohmann/json.hpp>

#include "base/file.h"

namespace lectio::train {
namespace {

using Json = nlohmann::json;

// Reads fields of one JSON object and collects what is wrong with them, unknown keys included.
class Reader {
 public:
  Reader(const Json& object, std::string path, std::vector<std::string>& problems)
      : object_(object),
        path_(std::move(path)),
        problems_(problems) {
    if (!object_.is_object())
      problems_.push_back(path_ + ": expected an object, found " + object_.type_name());
  }

  template <typename T>
  void read(const char* key, T& value, double low, double high) {
    known_.emplace_back(key);
    if (!object_.is_object() || !object_.contains(key)) return;
    const Json& found = object_.at(key);
    if (!found.is_number() || found.get<double>() < low || found.get<double>() > high) {
      problems_.push_back(path_ + "." + key + ": expected a number in [" + std::to_string(low) +
                          ", " + std::to_string(high) + "], found " + found.dump());
      return;
    }
    value = found.get<T>();
  }
  void read(const char* key, std::string& value) {
    known_.emplace_back(key);
    if (!object_.is_object() || !object_.contains(key)) return;
    if (object_.at(key).is_string()) {
      value = object_.at(key).get<std::string>();
    } else {
      problems_.push_back(path_ + "." + key + ": expected a text, found " + object_.at(key).dump());
    }
  }
  void read(const char* key, bool& value) {
    known_.emplace_back(key);
    if (!object_.is_object() || !object_.contains(key)) return;
    if (object_.at(key).is_boolean()) {
      value = object_.at(key).get<bool>();
    } else {
      problems_.push_back(path_ + "." + key + ": expected true or false, found " +
                          object_.at(key).dump());
    }
  }
  const Json* child(const char* key) {
    known_.emplace_back(key);
    return object_.is_object() && object_.contains(key) ? &object_.at(key) : nullptr;
  }
  void finish() {
    if (!object_.is_object()) return;
    for (const auto& item : object_.items()) {
      if (std::find(known_.begin(), known_.end(), item.key()) == known_.end()) {
        problems_.push_back(path_ + "." + item.key() + ": unknown key");
      }
    }
  }

 private:
  const Json& object_;
  std::string path_;
  std::vector<std::string>& problems_;
  std::vector<std::string> known_;
};

void read_document(const Json& json, const std::string& path, Level& level,
                   std::vector<std::string>& problems) {
  Reader reader(json, path, problems);
  std::string mode;
  reader.read("mode", mode);
  documents::DocumentRecipe& page = level.document;
  reader.read("min_side", page.min_side, 256, 4096);
  reader.read("max_side", page.max_side, 256, 4096);
  reader.read("min_chars", page.min_chars, 1, 20000);
  reader.read("max_chars", page.max_chars, 1, 20000);
  reader.read("min_size", page.min_size, 4, 64);
  reader.read("clean", page.clean, 0, 1);
  reader.read("empty", page.empty, 0, 1);
  reader.read("many_columns", page.many_columns, 0, 1);
  reader.read("returning", page.returning, 0, 1);
  reader.read("degrade", page.degrade, 0, 1);
  reader.read("grounded", level.grounded, 0, 1);
  reader.finish();
  level.mode = mode_from_name(mode);
  if (!level.mode) {
    problems.push_back(path + ".mode: expected tiny, small, base, large or gundam, found '" + mode +
                       "'");
  }
  if (page.min_chars > page.max_chars) problems.push_back(path + ": min_chars is above max_chars");
  if (page.min_side > page.max_side) problems.push_back(path + ": min_side is above max_side");
}

Level read_level(const Json& json, const std::string& path, std::vector<std::string>& problems) {
  Level level;
  Reader reader(json, path, problems);
  reader.read("name", level.name);
  reader.read("width", level.print.width, 64, 1280);
  reader.read("height", level.print.height, 64, 1280);
  reader.read("min_chars", level.print.min_chars, 1, 20000);
  reader.read("max_chars", level.print.max_chars, 1, 20000);
  reader.read("fill_page", level.print.fill_page);
  reader.read("returning", level.print.returning, 0, 1);
  reader.read("degrade", level.print.degrade, 0, 1);
  reader.read("batch", level.batch, 1, 4096);
  reader.read("max_tokens", level.max_tokens, 8, 8192);
  reader.read("spoiled_share", level.spoiled_share, 0, 1);
  reader.read("covered", level.covered, 0, 1);
  reader.read("guessed_share", level.guessed_share, 0, 1);
  reader.read("random_share", level.random_share, 0, 1);
  reader.read("advance_at", level.advance_at, 0, 1);
  reader.read("at_most_minutes", level.at_most_minutes, 0, 1e9);
  reader.read("share", level.share, 0, 1e6);
  const Json* document = reader.child("document");
  reader.finish();
  if (document != nullptr) {
    read_document(*document, path + ".document", level, problems);
    if (level.max_tokens == 0) level.max_tokens = level.document.max_chars + 32;
    return level;
  }
  if (level.print.width % 64 != 0 || level.print.height % 64 != 0) {
    problems.push_back(path + ": expected width and height that are multiples of 64, found " +
                       std::to_string(level.print.width) + "x" +
                       std::to_string(level.print.height));
  }
  if (level.print.min_chars > level.print.max_chars)
    problems.push_back(path + ": min_chars is above max_chars");
  if (level.max_tokens == 0) level.max_tokens = level.print.max_chars + 32;
  return level;
}

}  // namespace

Result<Recipe> parse_recipe(std::string_view text, std::string_view name) {
  const Json json =
      Json::parse(text, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
  if (json.is_discarded()) return Error(ErrorCode::kInvalidInput, std::string(name) + ": not JSON");
  Recipe recipe;
  std::vector<std::string> problems;
  Reader reader(json, "recipe", problems);
  reader.read("neck_width", recipe.neck_width, 8, 4096);
  reader.read("seed", recipe.seed, 0, 1e15);
  reader.read("vocabulary", recipe.vocabulary, 300, 200000);
  reader.read("learning_rate", recipe.learning_rate, 0, 1);
  reader.read("weight_decay", recipe.weight_decay, 0, 1);
  reader.read("beta1", recipe.beta1, 0, 1);
  reader.read("beta2", recipe.beta2, 0, 1);
  reader.read("clip", recipe.clip, 0, 1e6);
  reader.read("warm_up_steps", recipe.warm_up_steps, 0, 1e6);
  reader.read("average_decay", recipe.average_decay, 0, 1);
  reader.read("cell_weight", recipe.cell_weight, 0, 100);
  reader.read("cell_share", recipe.cell_share, 0.01, 1);
  reader.read("align_weight", recipe.align_weight, 0, 100);
  reader.read("balance_weight", recipe.balance_weight, 0, 100);
  reader.read("top_share", recipe.top_share, 0, 1);
  reader.read("below_share", recipe.below_share, 0, 1);
  if (const Json* levels = reader.child("levels");
      levels != nullptr && levels->is_array() && !levels->empty()) {
    for (std::size_t i = 0; i < levels->size(); ++i) {
      recipe.levels.push_back(
          read_level(levels->at(i), "recipe.levels[" + std::to_string(i) + "]", problems));
    }
  } else {
    problems.emplace_back("recipe.levels: expected a list of levels");
  }
  if (const Json* network = reader.child("network"); network != nullptr) {
    Result<NetworkSpec> spec = parse_network_spec(network->dump(), "recipe.network");
    if (!spec) return spec.error().within(name);
    recipe.network = *std::move(spec);
    if (recipe.network.family != Family::kV1)
      problems.emplace_back("recipe.network: expected the v1 architecture");
  } else {
    problems.emplace_back("recipe.network: missing");
  }
  reader.finish();
  if (problems.empty()) return recipe;
  std::string message = std::string(name) + ": ";
  for (std::size_t i = 0; i < problems.size(); ++i) message += (i == 0 ? "" : "; ") + problems[i];
  return Error(ErrorCode::kInvalidInput, message);
}

Result<Recipe> read_recipe(const std::filesystem::path& path) {
  LECTIO_TRY(const std::string text, read_file(path, std::uint64_t{1} << 20));
  return parse_recipe(text, path.string());
}

}  // namespace lectio::train
