// SPDX-License-Identifier: Apache-2.0
#include "ocr/verdict/evidence_json.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

// Thrown inside this file alone.
struct WrongName {
  std::string name;
};

FinishReason finish_from(const Json& json) {
  const auto name = json.get<std::string>();
  for (const FinishReason reason :
       {FinishReason::kStop, FinishReason::kMaxTokens, FinishReason::kMaxContext,
        FinishReason::kLoop, FinishReason::kCancelled}) {
    if (name == finish_reason_name(reason)) return reason;
  }
  throw WrongName{name};
}

Json loop_to(const LoopSpan& loop) {
  return {{"kind", loop_kind_name(loop.kind)},
          {"begin_token", loop.begin},
          {"period_tokens", loop.period},
          {"length_tokens", loop.length},
          {"kept_tokens", loop.keep}};
}

LoopSpan loop_from(const Json& json) {
  LoopSpan loop;
  const auto name = json.at("kind").get<std::string>();
  bool known = false;
  for (const LoopKind kind :
       {LoopKind::kTokens, LoopKind::kNumbers, LoopKind::kBoxes, LoopKind::kSurplus}) {
    if (name != loop_kind_name(kind)) continue;
    loop.kind = kind;
    known = true;
  }
  if (!known) throw WrongName{name};
  json.at("begin_token").get_to(loop.begin);
  json.at("period_tokens").get_to(loop.period);
  json.at("length_tokens").get_to(loop.length);
  json.at("kept_tokens").get_to(loop.keep);
  return loop;
}

Json attempt_to(const Attempt& attempt) {
  Json json = {{"why", attempt.why},
               {"mode", attempt.mode},
               {"temperature", attempt.temperature},
               {"finish", finish_reason_name(attempt.finish)},
               {"generated_tokens", attempt.generated_tokens},
               {"wasted_tokens", attempt.wasted_tokens}};
  if (attempt.loop) json["loop"] = loop_to(*attempt.loop);
  if (attempt.region) {
    const Box& box = *attempt.region;
    json["region"] = {box.x0, box.y0, box.x1, box.y1};
    if (attempt.text_end > attempt.text_begin) {
      json["text_bytes"] = {attempt.text_begin, attempt.text_end};
    }
  }
  return json;
}

Attempt attempt_from(const Json& json) {
  Attempt attempt;
  json.at("why").get_to(attempt.why);
  json.at("mode").get_to(attempt.mode);
  json.at("temperature").get_to(attempt.temperature);
  attempt.finish = finish_from(json.at("finish"));
  json.at("generated_tokens").get_to(attempt.generated_tokens);
  json.at("wasted_tokens").get_to(attempt.wasted_tokens);
  if (json.contains("loop")) attempt.loop = loop_from(json.at("loop"));
  if (json.contains("region")) {
    const auto sides = json.at("region").get<std::array<std::int64_t, 4>>();
    attempt.region = Box{sides[0], sides[1], sides[2], sides[3]};
  }
  if (json.contains("text_bytes")) {
    const auto bytes = json.at("text_bytes").get<std::array<std::size_t, 2>>();
    attempt.text_begin = bytes[0];
    attempt.text_end = bytes[1];
  }
  return attempt;
}

constexpr const char* kTextLayer = "text_layer";

Json evidence_to(const Evidence& evidence) {
  Json json;
  if (!evidence.attempts.empty()) json["finish"] = finish_reason_name(evidence.finish);
  if (evidence.loop) json["loop"] = loop_to(*evidence.loop);
  if (evidence.text_layer) {
    json["source"] = kTextLayer;
    json["strange_share"] = evidence.strange_share;
  }
  json["attempts"] = Json::array();
  for (const Attempt& attempt : evidence.attempts) json["attempts"].push_back(attempt_to(attempt));
  json["ink"] = {{"blank", evidence.ink_blank},
                 {"coverage", evidence.ink_coverage},
                 {"characters", evidence.ink_characters}};
  if (evidence.ink_stains > 0) json["ink"]["stains"] = evidence.ink_stains;
  if (evidence.unread_ink) json["ink"]["unread_share"] = *evidence.unread_ink;
  json["read_characters"] = evidence.read_characters;
  if (evidence.confidence) json["confidence"] = *evidence.confidence;
  if (!evidence.error.empty()) json["error"] = evidence.error;
  if (!evidence.skipped.empty()) json["skipped"] = evidence.skipped;
  return json;
}

Evidence evidence_from(const Json& json) {
  Evidence evidence;
  if (json.contains("finish")) evidence.finish = finish_from(json.at("finish"));
  if (json.contains("loop")) evidence.loop = loop_from(json.at("loop"));
  evidence.text_layer = json.contains("source") && json.at("source") == kTextLayer;
  if (evidence.text_layer) json.at("strange_share").get_to(evidence.strange_share);
  for (const Json& attempt : json.at("attempts")) {
    evidence.attempts.push_back(attempt_from(attempt));
  }
  const Json& ink = json.at("ink");
  ink.at("blank").get_to(evidence.ink_blank);
  ink.at("coverage").get_to(evidence.ink_coverage);
  ink.at("characters").get_to(evidence.ink_characters);
  if (ink.contains("stains")) ink.at("stains").get_to(evidence.ink_stains);
  if (ink.contains("unread_share")) evidence.unread_ink = ink.at("unread_share").get<double>();
  json.at("read_characters").get_to(evidence.read_characters);
  if (json.contains("confidence")) evidence.confidence = json.at("confidence").get<double>();
  if (json.contains("error")) json.at("error").get_to(evidence.error);
  if (json.contains("skipped")) json.at("skipped").get_to(evidence.skipped);
  return evidence;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <typename T>
Result<T> parse(std::string_view text, T (*from)(const Json&), const char* what) {
  try {
    return from(Json::parse(text));
  } catch (const Json::exception& problem) {
    return Error(ErrorCode::kInvalidInput, std::string(what) + ": " + problem.what());
  } catch (const WrongName& wrong) {
    return Error(ErrorCode::kInvalidInput, std::string(what) + ": unknown name " + wrong.name);
  }
}

}  // namespace

std::string to_json(const Evidence& evidence) { return dump(evidence_to(evidence)); }
Result<Evidence> parse_evidence(std::string_view json) {
  return parse(json, evidence_from, "evidence");
}

std::string to_json(const LoopSpan& loop) { return dump(loop_to(loop)); }
Result<LoopSpan> parse_loop(std::string_view json) { return parse(json, loop_from, "loop"); }

}  // namespace lectio
