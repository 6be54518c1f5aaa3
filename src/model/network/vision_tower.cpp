// SPDX-License-Identifier: Apache-2.0
#include "model/network/vision_tower.h"

namespace lectio {
namespace {

// compressed[batch * n, net3_channels] -> features[batch * n, feature_width].
void second_stage(const VisionTower& w, const NetworkSpec& spec, const Run& run, std::int64_t batch,
                  TensorView compressed, TensorView features) {
  if (const auto* clip = std::get_if<ClipVit>(&w.second)) {
    forward(*clip, spec.clip, run, batch, compressed, features);
  } else {
    forward(std::get<CausalFlow>(w.second), spec.flow, run, batch, compressed, features);
  }
}

}  // namespace

VisionTower VisionTower::bind(Binder& binder, const NetworkSpec& spec) {
  const std::int64_t width = spec.decoder.width;
  VisionTower tower{
      .sam = SamVit::bind(binder, spec.sam),
      .compressor = Compressor::bind(binder, spec.sam),
      .second = {},
      .projector = Linear::bind(binder, "model.projector.layers", width, spec.feature_width()),
      .newline = {},
      .separator = binder.floats("model.view_seperator", {width})};  // sic
  if (spec.family == Family::kV1) {
    tower.second = ClipVit::bind(binder, spec.clip);
    tower.newline = binder.floats("model.image_newline", {width});
  } else {
    tower.second = CausalFlow::bind(binder, spec.flow);
  }
  return tower;
}

void forward(const VisionTower& w, const NetworkSpec& spec, const Run& run, TensorView pixels,
             TensorView out) {
  ScratchScope scratch(run.context.scratch);
  const PatchGrids grids{pixels.shape[0], pixels.shape[2] / spec.sam.patch};
  const std::int64_t tokens = grids.side * grids.side / 16;
  const TensorView patches = scratch.make({grids.rows(), spec.sam.width});
  const TensorView compressed = scratch.make({grids.batch * tokens, spec.sam.net3_channels});
  const TensorView features = scratch.make({grids.batch * tokens, spec.feature_width()});

  run.stages.show("pixels", pixels);
  forward(w.sam, spec.sam, run, pixels, patches);
  forward(w.compressor, spec.sam, run, grids, patches, compressed);
  second_stage(w, spec, run, grids.batch, compressed, features);
  forward(w.projector, run, features, out);
  run.stages.show("proj", out.reshaped({grids.batch, tokens, spec.decoder.width}));
}

}  // namespace lectio
