// SPDX-License-Identifier: Apache-2.0
// What every launch of a kernel ends with.
#pragma once

#include <cuda_runtime.h>

namespace lectio::cuda {

// The text of the last launch's error, or nullptr.
inline const char* launch_error() {
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace lectio::cuda
