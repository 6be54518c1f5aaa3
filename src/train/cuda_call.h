// SPDX-License-Identifier: Apache-2.0
// What a call of a kernel of compute/cuda from torch needs; for builds with CUDA alone.
#pragma once

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "base/check.h"

namespace lectio::train {

inline void* current_stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

// error: of a launch, or nullptr.
inline void check_launch(const char* error) {
  LECTIO_CHECK(error == nullptr, error == nullptr ? "" : error);
}

}  // namespace lectio::train
