// SPDX-License-Identifier: Apache-2.0
// The networks that goldens are proved on, in the number format that is wanted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "base/result.h"
#include "base/thread_pool.h"
#include "compute/tensor/dtype.h"
#include "model/spec/network_spec.h"

namespace lectio::proof {

// The folder of a tiny checkpoint: the golden one itself for BF16, else a converted copy in `work`.
Result<std::filesystem::path> tiny_model(const std::filesystem::path& golden, const char* model,
                                         DType format, const std::filesystem::path& work);

// The full-size checkpoint by formula in `folder`, made where there is none.
Result<void> make_full_model(Family family, DType format, const std::filesystem::path& folder,
                             ThreadPool& pool,
                             const std::function<void(std::int64_t, std::int64_t)>& on_progress,
                             const std::stop_token& stop);

// The format that most numbers of a model folder have.
Result<DType> format_of_model(const std::filesystem::path& folder);

}  // namespace lectio::proof
