// SPDX-License-Identifier: Apache-2.0
// SAM's image encoder: windowed and global attention with decomposed relative positions (spec
// 3, 3.1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/layers/linear.h"
#include "model/layers/norm.h"
#include "model/layers/run.h"
#include "model/spec/network_spec.h"
#include "model/weights/binder.h"

namespace lectio {

struct SamBlock {
  bool global = false;  // attends over the whole grid, not inside windows
  LayerNorm norm1;
  Linear qkv;  // rows [q | k | v]
  Linear projection;
  Tensor rel_h, rel_w;  // [2 side - 1, head_dim]; side of a window, or of the grid at 1024 pixels
  LayerNorm norm2;
  Linear lin1, lin2;

  static SamBlock bind(Binder& binder, const SamSpec& spec, std::int64_t index);
};

struct SamVit {
  TensorView patch_weight;  // [width, 3, patch, patch]
  Tensor patch_bias;        // [width]
  Tensor positions;         // [1, table_side, table_side, width]
  std::vector<SamBlock> blocks;

  static SamVit bind(Binder& binder, const SamSpec& spec);
};

// `batch` square grids of patches, row-major, one after another.
struct PatchGrids {
  std::int64_t batch = 0;
  std::int64_t side = 0;
  std::int64_t rows() const { return batch * side * side; }
};

// pixels[batch, 3, N, N] -> x[grids.rows(), width], where grids.side = N / patch.
void forward(const SamVit& w, const SamSpec& spec, const Run& run, TensorView pixels, TensorView x);
// x[grids.rows(), width], in place: x += attention(norm1(x)); x += mlp(norm2(x)).
void forward(const SamBlock& w, const SamSpec& spec, const Run& run, PatchGrids grids,
             TensorView x);

}  // namespace lectio
