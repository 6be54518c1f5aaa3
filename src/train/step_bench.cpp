// SPDX-License-Identifier: Apache-2.0
#include "train/step_bench.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/log.h"
#include "train/export_model.h"
#include "train/flops.h"
#include "train/inputs.h"
#include "train/replica.h"

#if TORCH_VERSION_MAJOR >= 2
#include <torch/csrc/autograd/profiler_kineto.h>
#endif

namespace lectio::train {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr int kBatches = 2;

double seconds_of(const Replica& replica, int times, const std::function<void(int)>& run) {
  replica.synchronize();
  const Clock::time_point begin = Clock::now();
  for (int i = 0; i < times; ++i) run(i);
  replica.synchronize();
  return std::chrono::duration<double>(Clock::now() - begin).count() / times;
}

// FLOP/s of a square product that fills the device.
double product_rate(const Replica& replica) {
  const torch::Tensor master = replica.parameters().master();
  const std::int64_t n = master.is_cuda() ? 8192 : 1024;
  const auto options =
      torch::TensorOptions(master.device()).dtype(replica.parameters().working().dtype());
  const torch::Tensor a = torch::randn({n, n}, options), b = torch::randn({n, n}, options);
  const auto run = [&](int) { torch::matmul(a, b); };
  seconds_of(replica, 3, run);
  const auto side = static_cast<double>(n);
  return 2.0 * side * side * side / seconds_of(replica, 10, run);
}

// Milliseconds a call of `run` by kernel name, the slowest first.
Json kernel_times(const Replica& replica, int kernels, int times,
                  const std::function<void(int)>& run) {
  Json out = Json::array();
#if TORCH_VERSION_MAJOR >= 2
  namespace profiler = torch::autograd::profiler;
  const profiler::ProfilerConfig config(profiler::ProfilerState::KINETO);
  const std::set<profiler::ActivityType> activities = {profiler::ActivityType::CPU,
                                                       profiler::ActivityType::CUDA};
  profiler::prepareProfiler(config, activities);
  profiler::enableProfiler(config, activities);
  seconds_of(replica, times, run);
  const auto result = profiler::disableProfiler();
  struct Total {
    double ms = 0, calls = 0;
  };
  std::map<std::string, Total> totals;
  double sum = 0;
  for (const profiler::KinetoEvent& event : result->events()) {
    if (event.deviceType() != c10::DeviceType::CUDA) continue;
    Total& total = totals[event.name()];
    const double ms = static_cast<double>(event.durationNs()) * 1e-6 / times;
    total.ms += ms;
    total.calls += 1.0 / times;
    sum += ms;
  }
  std::vector<std::pair<std::string, Total>> sorted(totals.begin(), totals.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.second.ms > b.second.ms; });
  for (const auto& [name, total] : sorted) {
    if (static_cast<int>(out.size()) == kernels) break;
    out.push_back({{"kernel", name.substr(0, 160)},
                   {"ms", total.ms},
                   {"calls", total.calls},
                   {"share", total.ms / sum}});
  }
#else
  static_cast<void>(replica), static_cast<void>(kernels), static_cast<void>(times);
  static_cast<void>(run);
#endif
  return out;
}

}  // namespace

Result<std::string> bench_steps(const TrainOptions& options, int steps, int kernels) {
  LECTIO_TRY(Recipe recipe, read_recipe(options.recipe));
  std::error_code code;
  std::filesystem::create_directories(options.out, code);
  LECTIO_TRY(const Inputs inputs, Inputs::open(options, recipe));
  recipe.network.decoder.vocabulary = inputs.vocabulary();
  Replica replica(recipe, torch::Device(options.devices.front()));
  if (!options.init_from.empty()) LECTIO_TRY_VOID(load_model(options.init_from, recipe, replica));
  log(LogLevel::kInfo, "drawing pages");
  std::vector<std::vector<Batch>> batches(recipe.levels.size());
  {
    std::vector<std::jthread> makers;
    for (std::size_t i = 0; i < recipe.levels.size(); ++i) {
      batches[i].resize(kBatches);
      for (int k = 0; k < kBatches; ++k) {
        makers.emplace_back([&, i, k] {
          GlyphCache cache;
          batches[i][static_cast<std::size_t>(k)] =
              inputs.seen().make(recipe.levels[i], static_cast<std::int64_t>(i), true,
                                 recipe.seed + static_cast<std::uint64_t>(k), cache);
          if (replica.parameters().master().is_cuda()) {
            batches[i][static_cast<std::size_t>(k)].for_each_tensor(
                [](torch::Tensor& t) { t = t.pin_memory(); });
          }
        });
      }
    }
  }
  Json out;
  const double rate = product_rate(replica);
  out["product_flops"] = rate;
  log(LogLevel::kInfo, "a large product: " + std::to_string(rate * 1e-12) + " TFLOP/s");
  const LossWeights weights{recipe.cell_weight, recipe.align_weight, recipe.balance_weight,
                            recipe.cell_share};
  for (std::size_t i = 0; i < recipe.levels.size(); ++i) {
    const auto step = [&](int k) {
      replica.accumulate(batches[i][static_cast<std::size_t>(k % kBatches)], weights);
      replica.optimizer().step(replica.parameters().grads(), 0.0);
    };
    seconds_of(replica, 3, step);
    const double seconds = seconds_of(replica, steps, step);
    double flops = 0, pages = 0, tokens = 0;
    for (const Batch& batch : batches[i]) {
      flops += step_flops(recipe, batch) / kBatches;
      pages += static_cast<double>(batch.grey.size(0)) / kBatches;
      tokens +=
          static_cast<double>(batch.targets.ne(kIgnore).sum().item<std::int64_t>()) / kBatches;
    }
    Json line = {
        {"level", recipe.levels[i].name},      {"ms", seconds * 1e3},
        {"pages_per_second", pages / seconds}, {"tokens_per_second", tokens / seconds},
        {"model_flops", flops / seconds},      {"share_of_product", flops / seconds / rate}};
    if (kernels > 0) line["kernels"] = kernel_times(replica, kernels, 3, step);
    out["levels"].push_back(std::move(line));
  }
  return out.dump(1);
}

}  // namespace lectio::train
