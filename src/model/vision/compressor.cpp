// SPDX-License-Identifier: Apache-2.0
#include "model/vision/compressor.h"

#include <string>

namespace lectio {

Compressor Compressor::bind(Binder& binder, const SamSpec& spec) {
  const std::string name = "model.sam_model.";
  // The neck's width stands in no configuration, only in the file.
  const TensorView neck0 = binder.weight(name + "neck.0.weight", {-1, spec.width, 1, 1});
  const std::int64_t neck = neck0.empty() ? -1 : neck0.shape[0];
  return {.neck0 = neck0,
          .norm1 = LayerNorm::bind(binder, name + "neck.1", neck, spec.norm_eps),
          .neck2 = binder.kernels(name + "neck.2.weight", {neck, neck, 3, 3}),
          .norm3 = LayerNorm::bind(binder, name + "neck.3", neck, spec.norm_eps),
          .net2 = binder.kernels(name + "net_2.weight", {spec.net2_channels, neck, 3, 3}),
          .net3 = binder.kernels(name + "net_3.weight",
                                 {spec.net3_channels, spec.net2_channels, 3, 3})};
}

void forward(const Compressor& w, const SamSpec& spec, const Run& run, PatchGrids grids,
             TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const auto [batch, side] = grids;
  const std::int64_t neck = w.neck0.shape[0];
  const TensorView first = scratch.make({batch, side, side, neck});
  const TensorView second = scratch.make({batch, side, side, neck});
  const TensorView half = scratch.make({batch, side / 2, side / 2, spec.net2_channels});
  const TensorView quarter = y.reshaped({batch, side / 4, side / 4, spec.net3_channels});

  run.ops.conv2d(run.context, x.reshaped({batch, side, side, spec.width}), w.neck0, {}, 1, 0,
                 first);
  forward(w.norm1, run, first, first);  // each pixel over its channels
  run.ops.conv2d(run.context, first, w.neck2.view(), {}, 1, 1, second);
  forward(w.norm3, run, second, second);
  run.stages.show("sam.neck", second);
  run.ops.conv2d(run.context, second, w.net2.view(), {}, 2, 1, half);
  run.stages.show("sam.net2", half);
  run.ops.conv2d(run.context, half, w.net3.view(), {}, 2, 1, quarter);
  run.stages.show("sam.net3", quarter);
}

}  // namespace lectio
