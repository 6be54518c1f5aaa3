// SPDX-License-Identifier: Apache-2.0
// For tests of layers: weights from a seed, and something to run on.
#pragma once

#include <cstdint>

#include "base/splitmix.h"
#include "model/layers/gated_mlp.h"
#include "model/layers/linear.h"
#include "model/layers/norm.h"
#include "model/layers/run.h"

namespace lectio::testing {

// Numbers around `centre`, at most `spread` away.
inline Tensor random_tensor(Random& random, Shape shape, double centre = 0, double spread = 1) {
  Tensor tensor(shape);
  for (float& value : tensor.floats()) {
    value = static_cast<float>(random.uniform(centre - spread, centre + spread));
  }
  return tensor;
}

// Layers hold their matrices as views: this owns them.
class WeightStore {
 public:
  explicit WeightStore(std::uint64_t seed) : random_(seed) {}

  Random& random() { return random_; }
  TensorView matrix(std::int64_t out, std::int64_t in) {
    tensors_.push_back(random_tensor(random_, {out, in}, 0, 0.5));
    return tensors_.back().view();
  }
  Linear linear(std::int64_t out, std::int64_t in, bool with_bias = true) {
    Linear layer{matrix(out, in), {}};
    if (with_bias) layer.bias = random_tensor(random_, {out});
    return layer;
  }
  LayerNorm layer_norm(std::int64_t width) {
    return {random_tensor(random_, {width}, 1, 0.5), random_tensor(random_, {width}), 1e-6F};
  }
  RmsNorm rms_norm(std::int64_t width) { return {random_tensor(random_, {width}, 1, 0.5), 1e-6F}; }
  GatedMlp gated_mlp(std::int64_t width, std::int64_t hidden) {
    return {matrix(hidden, width), matrix(hidden, width), matrix(width, hidden)};
  }

 private:
  Random random_;
  std::vector<Tensor> tensors_;
};

// One thread, its scratch memory, and the reference kernels unless told otherwise.
class Bench {
 public:
  explicit Bench(const kernels::Table& ops = kernels::reference()) : ops_(ops) {}

  kernels::Context& context() { return context_; }
  Run run() { return run(nobody_); }
  Run run(const StageObserver& observe) { return {ops_, context_, Stages(observe)}; }

 private:
  const kernels::Table& ops_;
  ThreadPool pool_{1};
  Arena scratch_;
  kernels::Context context_{pool_, scratch_};
  StageObserver nobody_;
};

}  // namespace lectio::testing
