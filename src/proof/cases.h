// SPDX-License-Identifier: Apache-2.0
// The cases that golden files exist for.
#pragma once

#include <span>
#include <string>

#include "model/spec/network_spec.h"
#include "model/spec/token_layout.h"

namespace lectio::proof {

struct GoldenCase {
  const char* name;     // NAME.safetensors in the folder of the goldens
  const char* model;    // tiny: the folder of the checkpoint; full size: "full/v1" or "full/v2"
  const char* picture;  // likewise a path in that folder
  Family family;
  Mode mode;
  bool full_size;
  bool quick;  // small enough for the reference kernels
};

std::span<const GoldenCase> tiny_cases();
// Their checkpoints are made by formula (model/synth).
std::span<const GoldenCase> full_cases();

}  // namespace lectio::proof
