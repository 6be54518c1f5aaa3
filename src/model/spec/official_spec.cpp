// SPDX-License-Identifier: Apache-2.0
#include "model/spec/official_spec.h"

namespace lectio {

NetworkSpec official_spec(Family family) {
  NetworkSpec spec;
  spec.family = family;
  spec.sam.width = 768;
  spec.sam.layers = 12;
  spec.sam.heads = 12;
  spec.sam.global_blocks = {2, 5, 8, 11};
  spec.sam.net2_channels = 512;
  if (family == Family::kV1) {
    spec.clip.width = 1024;
    spec.clip.layers = 24;
    spec.clip.heads = 16;
    spec.sam.net3_channels = spec.clip.width;
  } else {
    spec.flow.width = 896;
    spec.sam.net3_channels = spec.flow.width;
  }
  spec.decoder.vocabulary = 129280;
  spec.decoder.width = 1280;
  spec.decoder.layers = 12;
  spec.decoder.heads = 10;
  spec.decoder.dense_hidden = 6848;
  spec.decoder.dense_layers = 1;
  spec.decoder.experts = 64;
  spec.decoder.experts_per_token = 6;
  spec.decoder.expert_hidden = 896;
  spec.decoder.shared_experts = 2;
  return spec;
}

}  // namespace lectio
