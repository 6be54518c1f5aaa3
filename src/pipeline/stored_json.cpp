// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "ocr/verdict/evidence_json.h"
#include "pipeline/store.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "lectio.page_result";
constexpr int kVersion = 1;

Json numbers(const std::vector<float>& values) {
  Json json = Json::array();
  // JSON has no number that is none.
  for (const float value : values) json.push_back(std::isfinite(value) ? Json(value) : Json());
  return json;
}

std::vector<float> numbers_from(const Json& json) {
  std::vector<float> values;
  for (const Json& value : json) {
    values.push_back(value.is_null() ? std::numeric_limits<float>::quiet_NaN()
                                     : value.get<float>());
  }
  return values;
}

Json text_to(const PageText& text) {
  return {{"text", text.text},
          {"ids", text.ids},
          {"log_probabilities", numbers(text.log_probabilities)},
          {"text_ends", text.text_ends},
          {"mode", text.mode},
          {"vision_tokens", text.vision_tokens},
          {"content_tokens", text.content_tokens},
          {"valid_tokens", text.valid_tokens},
          {"prompt_tokens", text.prompt_tokens},
          {"generated_tokens", text.generated_tokens}};
}

PageText text_from(const Json& json) {
  PageText text;
  json.at("text").get_to(text.text);
  json.at("ids").get_to(text.ids);
  text.log_probabilities = numbers_from(json.at("log_probabilities"));
  json.at("text_ends").get_to(text.text_ends);
  json.at("mode").get_to(text.mode);
  json.at("vision_tokens").get_to(text.vision_tokens);
  json.at("content_tokens").get_to(text.content_tokens);
  json.at("valid_tokens").get_to(text.valid_tokens);
  json.at("prompt_tokens").get_to(text.prompt_tokens);
  json.at("generated_tokens").get_to(text.generated_tokens);
  return text;
}

Error wrong(const std::string& what) { return Error(ErrorCode::kInvalidInput, what); }

// Our fractions are probabilities, shares and temperatures. A damaged file may have one so large
// that it becomes no whole number.
bool has_wild_fractions(const Json& json) {
  constexpr double kMost = std::numeric_limits<std::int32_t>::max();
  if (json.is_number_float()) return std::abs(json.get<double>()) > kMost;
  return json.is_structured() && std::any_of(json.begin(), json.end(), has_wild_fractions);
}

// Lists of one entry an id, and places inside of the text.
bool is_consistent(const PageText& text) {
  if (text.log_probabilities.size() != text.ids.size()) return false;
  if (text.text_ends.size() != text.ids.size()) return false;
  std::int64_t last = 0;
  for (const std::int64_t end : text.text_ends) {
    if (end < last || end > std::ssize(text.text)) return false;
    last = end;
  }
  return true;
}

}  // namespace

std::string to_stored_json(const PageResult& result) {
  const Json json = {{"schema", kSchema},
                     {"schema_version", kVersion},
                     {"key", result.key},
                     {"width", result.width},
                     {"height", result.height},
                     {"verdict", verdict_name(result.reading.verdict)},
                     {"evidence", Json::parse(to_json(result.reading.evidence))},
                     {"page_text", text_to(result.reading.text)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<PageResult> from_stored_json(std::string_view bytes) {
  try {
    const Json json = Json::parse(bytes);
    if (json.at("schema") != kSchema || json.at("schema_version") != kVersion) {
      return wrong("expected a " + std::string(kSchema) + " of version " +
                   std::to_string(kVersion));
    }
    if (has_wild_fractions(json)) return wrong("a number is too large");
    PageResult result;
    json.at("key").get_to(result.key);
    json.at("width").get_to(result.width);
    json.at("height").get_to(result.height);
    const auto verdict = verdict_from_name(json.at("verdict").get<std::string>());
    if (!verdict) return wrong("verdict: " + json.at("verdict").dump());
    result.reading.verdict = *verdict;
    LECTIO_TRY(result.reading.evidence, parse_evidence(json.at("evidence").dump()));
    result.reading.text = text_from(json.at("page_text"));
    result.reading.text.finish = result.reading.evidence.finish;
    result.reading.text.loop = result.reading.evidence.loop;
    if (!is_consistent(result.reading.text)) return wrong("page_text: its lists do not fit it");
    return result;
  } catch (const Json::exception& problem) {
    return wrong(problem.what());
  }
}

}  // namespace lectio
