// SPDX-License-Identifier: Apache-2.0
// lectio info: what a model is, without running it.
#include <fmt/format.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/model_folder.h"
#include "apps/cli/output.h"
#include "model/network/network.h"
#include "model/spec/tensor_table.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights/checkpoint.h"
#include "ocr/engine/engine.h"
#include "ocr/views/views.h"

namespace lectio::cli {
namespace {

using Json = nlohmann::ordered_json;

// The page that the token table is for: A4 at 150 dpi.
constexpr std::int64_t kPageWidth = 1240;
constexpr std::int64_t kPageHeight = 1754;

struct Part {
  std::string_view name;
  std::string_view prefix;  // of tensor names; the first that fits
};
constexpr std::array<Part, 8> kParts = {{
    {"window encoder and compressor", "model.sam_model."},
    {"global encoder", "model.vision_model."},
    {"global encoder", "model.qwen2_model."},
    {"projector", "model.projector."},
    {"projector", "model.image_newline"},
    {"projector", "model.view_seperator"},
    {"decoder", "model."},
    {"decoder", "lm_head."},
}};

struct FormatUse {
  std::int64_t tensors = 0;
  std::int64_t bytes = 0;
};

struct ModeTokens {
  Mode mode;
  std::int64_t tiles = 0;
  std::int64_t vision_tokens = 0;
  std::int64_t content_tokens = 0;
};

struct ModelInfo {
  std::string folder;
  NetworkSpec spec;
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  std::map<std::string, std::int64_t> parts;  // name -> parameters
  std::int64_t active = 0;                    // parameters of the decoder that one token uses
  std::map<std::string, FormatUse> formats;   // of the tensors in use
  std::int64_t tokenizer_entries = 0;
  std::vector<ModeTokens> modes;
};

std::string part_of(std::string_view tensor) {
  for (const Part& part : kParts) {
    if (tensor.substr(0, part.prefix.size()) == part.prefix) return std::string(part.name);
  }
  return "other";
}

std::vector<ModeTokens> tokens_of_modes(Family family) {
  std::vector<ModeTokens> modes;
  for (const Mode mode :
       {Mode::kTiny, Mode::kSmall, Mode::kBase, Mode::kLarge, Mode::kGundam, Mode::kGundamM}) {
    const auto plan = plan_views(family, kPageWidth, kPageHeight, mode);
    if (!plan) continue;  // not a mode of this family
    modes.push_back({mode, plan->tiles ? plan->tiles->columns * plan->tiles->rows : 0,
                     plan->layout.count(), plan->layout.content_tokens()});
  }
  return modes;
}

// parts, active and formats.
void count_tensors(const TensorSource& source, ModelInfo& info) {
  std::int64_t routed = 0;
  for (const TensorEntry& entry : tensor_table(info.spec)) {
    const StoredTensor* const stored = entry.used ? source.find(entry.name) : nullptr;
    if (stored == nullptr) continue;
    const std::int64_t numbers = stored->view.shape.elements();
    const std::string part = part_of(entry.name);
    info.parts[part] += numbers;
    if (entry.name.find(".mlp.experts.") != std::string::npos) {
      routed += numbers;
    } else if (part == "decoder" && entry.name != "model.embed_tokens.weight") {
      info.active += numbers;
    }
    FormatUse& format = info.formats[dtype_name(stored->view.dtype)];
    ++format.tensors;
    format.bytes += stored->view.bytes();
  }
  // A token meets only its own routed experts, and looks up one row of the embeddings.
  const DecoderSpec& decoder = info.spec.decoder;
  info.active += routed / decoder.experts * decoder.experts_per_token;
}

Result<ModelInfo> inspect(const std::filesystem::path& folder,
                          const std::filesystem::path& vision) {
  LECTIO_TRY(Checkpoint checkpoint, open_checkpoint(folder, vision));
  ModelInfo info;
  info.folder = folder.string();
  info.spec = checkpoint.spec;
  count_tensors(checkpoint.tensors, info);
  const auto network = Network::of(std::move(checkpoint.spec), std::move(checkpoint.tensors));
  if (!network) return network.error().within(folder.string());
  LECTIO_TRY(const Tokenizer tokenizer, Tokenizer::of_model(folder));
  info.parameters = network->parameters();
  info.bytes = network->weight_bytes();
  info.tokenizer_entries = tokenizer.size();
  info.modes = tokens_of_modes(info.spec.family);
  return info;
}

std::string_view family_name(Family family) {
  return family == Family::kV1 ? "DeepSeek-OCR" : "DeepSeek-OCR-2";
}

Json json_of(const ModelInfo& info) {
  const DecoderSpec& decoder = info.spec.decoder;
  Json formats = Json::object();
  for (const auto& [name, use] : info.formats) {
    formats[name] = {{"tensors", use.tensors}, {"bytes", use.bytes}};
  }
  Json modes = Json::object();
  for (const ModeTokens& mode : info.modes) {
    modes[std::string(mode_name(mode.mode))] = {{"tiles", mode.tiles},
                                                {"vision_tokens", mode.vision_tokens},
                                                {"content_tokens", mode.content_tokens}};
  }
  return {{"schema", "lectio.model"},
          {"schema_version", 1},
          {"model", info.folder},
          {"family", family_name(info.spec.family)},
          {"config", Json::parse(to_config_json(info.spec))},
          {"parameters",
           {{"all", info.parameters},
            {"parts", info.parts},
            {"decoder_active_per_token", info.active}}},
          {"weight_bytes", info.bytes},
          {"formats", std::move(formats)},
          {"tokenizer_entries", info.tokenizer_entries},
          {"positions", decoder.max_positions},
          {"page", {{"width", kPageWidth}, {"height", kPageHeight}, {"modes", std::move(modes)}}}};
}

double millions(std::int64_t number) { return static_cast<double>(number) / 1e6; }

std::string text_of(const ModelInfo& info) {
  const NetworkSpec& spec = info.spec;
  const DecoderSpec& decoder = spec.decoder;
  const bool v1 = spec.family == Family::kV1;
  std::string text = fmt::format("{}: {}\n", info.folder, family_name(spec.family));
  text += fmt::format("window encoder  {} layers, {} wide, {} heads\n", spec.sam.layers,
                      spec.sam.width, spec.sam.heads);
  text += fmt::format(
      "global encoder  {} layers, {} wide, {} heads\n", v1 ? spec.clip.layers : spec.flow.layers,
      v1 ? spec.clip.width : spec.flow.width, v1 ? spec.clip.heads : spec.flow.heads);
  text += fmt::format("decoder         {} layers, {} wide, {} heads, {} positions\n",
                      decoder.layers, decoder.width, decoder.heads, decoder.max_positions);
  text += fmt::format("experts         {}, {} a token, and {} shared; {} dense layers\n",
                      decoder.experts, decoder.experts_per_token, decoder.shared_experts,
                      decoder.dense_layers);
  text += fmt::format("vocabulary      {}, tokenizer {} entries\n", decoder.vocabulary,
                      info.tokenizer_entries);
  text += fmt::format("parameters      {:.2f} M, of the decoder {:.2f} M active a token\n",
                      millions(info.parameters), millions(info.active));
  for (const auto& [part, parameters] : info.parts) {
    text += fmt::format("  {:<30} {:>10.2f} M\n", part, millions(parameters));
  }
  text += fmt::format("weights         {:.2f} MB\n", millions(info.bytes));
  for (const auto& [format, use] : info.formats) {
    text += fmt::format("  {:<30} {:>10.2f} MB, {} tensors\n", format, millions(use.bytes),
                        use.tensors);
  }
  text += fmt::format("vision tokens of a page of {} x {} pixels (A4 at 150 dpi)\n", kPageWidth,
                      kPageHeight);
  text += fmt::format("  {:<10} {:>6} {:>8} {:>9}\n", "mode", "tiles", "tokens", "content");
  for (const ModeTokens& mode : info.modes) {
    text += fmt::format("  {:<10} {:>6} {:>8} {:>9}\n", mode_name(mode.mode), mode.tiles,
                        mode.vision_tokens, mode.content_tokens);
  }
  return text + fmt::format("  auto is {}\n", mode_name(auto_mode(spec, kPageWidth, kPageHeight)));
}

}  // namespace

int run_info(const InfoArguments& arguments) {
  const auto folder = model_folder(arguments.model);
  if (!folder) return report(folder.error());
  const auto info = inspect(*folder, arguments.vision);
  if (!info) return report(info.error(), kExitModel);
  auto output = Output::open("-");
  if (!output) return report(output.error());
  const auto written =
      output->write(arguments.json ? json_of(*info).dump(2) + "\n" : text_of(*info));
  return written ? kExitOk : report(written.error());
}

}  // namespace lectio::cli
