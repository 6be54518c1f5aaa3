// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/page_json.h"

#include <nlohmann/json.hpp>

#include "apps/cli/memory.h"
#include "apps/cli/session.h"
#include "ocr/verdict/evidence_json.h"

namespace lectio::cli {

using Json = nlohmann::ordered_json;

std::string to_json_line(const PageRecord& record) {
  const PageText& text = record.outcome.text;
  Json json = {{"schema", "lectio.page"},
               {"schema_version", 1},
               {"producer", "lectio " LECTIO_VERSION},
               {"source", record.source},
               {"index", record.index}};
  if (record.page >= 0) json["page"] = record.page + 1;
  json["verdict"] = verdict_name(record.verdict);
  if (record.width > 0) json["pixels"] = {{"width", record.width}, {"height", record.height}};
  if (record.outcome.code != kExitOk) {
    json["error"] = {{"message", record.outcome.error},
                     {"code", static_cast<int>(record.outcome.code)}};
  } else {
    json["prompt"] = record.prompt;
    json["mode"] = text.mode;
    json["finish"] = finish_reason_name(text.finish);
    json["vision_tokens"] = text.vision_tokens;
    json["content_tokens"] = text.content_tokens;
    json["valid_tokens"] = text.valid_tokens;
    json["prompt_tokens"] = text.prompt_tokens;
    json["generated_tokens"] = text.generated_tokens;
    json["timings_ms"] = {{"views", text.timings.views_ms},
                          {"encode", text.timings.encode_ms},
                          {"prefill", text.timings.prefill_ms},
                          {"decode", text.timings.decode_ms}};
    json["tokens_per_s"] = {
        {"prefill", tokens_a_second(text.prompt_tokens, text.timings.prefill_ms)},
        {"decode", tokens_a_second(text.generated_tokens, text.timings.decode_ms)}};
    json["peak_memory_bytes"] = peak_memory_bytes();
    json["text"] = text.text;
  }
  json["evidence"] = Json::parse(to_json(record.evidence));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lectio::cli
