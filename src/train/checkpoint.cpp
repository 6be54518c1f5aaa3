// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "model/weights/safetensors_writer.h"
#include "model/weights/tensor_source.h"

namespace lectio::train {
namespace {

constexpr const char* kStateKey = "lectio.train.state";
constexpr const char* kLayoutKey = "lectio.train.layout";

// Names and shapes in order: two networks with the same text have the same flat buffers.
std::string layout_text(const Parameters& parameters) {
  nlohmann::json layout = nlohmann::json::array();
  for (const ParameterInfo& info : parameters.infos()) layout.push_back({info.name, info.shape});
  return layout.dump();
}

std::array<std::pair<const char*, torch::Tensor>, 4> buffers(Replica& replica) {
  return {{{"master", replica.parameters().master()},
           {"moment1", replica.optimizer().moment1()},
           {"moment2", replica.optimizer().moment2()},
           {"average", replica.optimizer().average()}}};
}

}  // namespace

Result<void> save_checkpoint(const std::filesystem::path& path, const RunState& state,
                             Replica& replica) {
  torch::NoGradGuard no_grad;
  const nlohmann::json json = {{"step", state.step},
                               {"pages", state.pages},
                               {"level", state.level},
                               {"level_minutes", state.level_minutes},
                               {"optimizer_steps", replica.optimizer().steps()}};
  std::map<std::string, TensorView> views;
  std::vector<torch::Tensor> hosts;
  for (const auto& [name, tensor] : buffers(replica)) {
    hosts.push_back(tensor.to(torch::kCPU).contiguous());
    views[name] = {hosts.back().data_ptr(), DType::kF32, Shape{hosts.back().numel()}};
  }
  return write_safetensors(
      path, views, {{kStateKey, json.dump()}, {kLayoutKey, layout_text(replica.parameters())}});
}

Result<RunState> load_checkpoint(const std::filesystem::path& path, Replica& replica) {
  torch::NoGradGuard no_grad;
  LECTIO_TRY(const TensorSource source, TensorSource::open(path));
  const auto state_text = source.metadata().find(kStateKey),
             layout = source.metadata().find(kLayoutKey);
  if (state_text == source.metadata().end() || layout == source.metadata().end() ||
      layout->second != layout_text(replica.parameters())) {
    return Error(ErrorCode::kInvalidInput,
                 path.string() + ": not a checkpoint of this recipe's network");
  }
  for (const auto& [name, tensor] : buffers(replica)) {
    const StoredTensor* stored = source.find(name);
    if (stored == nullptr || stored->view.dtype != DType::kF32 ||
        stored->view.shape != Shape{tensor.numel()}) {
      return Error(ErrorCode::kInvalidInput, path.string() + ": tensor '" + name +
                                                 "': expected F32 [" +
                                                 std::to_string(tensor.numel()) + "]");
    }
    torch::Tensor target = tensor;
    target.copy_(torch::from_blob(stored->view.data, {tensor.numel()}, torch::kFloat32));
  }
  const nlohmann::json json =
      nlohmann::json::parse(state_text->second, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return Error(ErrorCode::kInvalidInput, path.string() + ": " + kStateKey + ": not JSON");
  RunState state;
  state.step = json.value("step", std::int64_t{0});
  state.pages = json.value("pages", std::int64_t{0});
  state.level = json.value("level", std::int64_t{0});
  state.level_minutes = json.value("level_minutes", 0.0);
  replica.optimizer().set_steps(json.value("optimizer_steps", std::int64_t{0}));
  replica.parameters().publish();
  return state;
}

}  // namespace lectio::train
