// SPDX-License-Identifier: Apache-2.0
// A model on disk, whatever its layout: which network it is, and its tensors by official name.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "model/spec/network_spec.h"
#include "model/weights/tensor_source.h"

namespace lectio {

// Movable.
struct Checkpoint {
  NetworkSpec spec;
  TensorSource tensors;
};

// A folder with config.json and safetensors, or a GGUF model (gguf_model.h: a file, or a folder
// that holds one; `vision` names its vision file where it is not the one beside it).
Result<Checkpoint> open_checkpoint(const std::filesystem::path& path,
                                   const std::filesystem::path& vision = {});

}  // namespace lectio
