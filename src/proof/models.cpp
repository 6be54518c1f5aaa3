// SPDX-License-Identifier: Apache-2.0
#include "proof/models.h"

#include <algorithm>
#include <map>
#include <string>
#include <system_error>

#include "base/file.h"
#include "model/spec/official_spec.h"
#include "model/synth/synthetic_model.h"
#include "model/weights/checkpoint.h"
#include "model/weights/convert.h"
#include "model/weights/tensor_source.h"

namespace lectio::proof {

namespace fs = std::filesystem;

Result<fs::path> tiny_model(const fs::path& golden, const char* model, DType format,
                            const fs::path& work) {
  if (format == DType::kBF16) return golden / model;
  const fs::path folder = work / (std::string(model) + "-" + dtype_name(format));
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) {
    return Error(ErrorCode::kIo, folder.string() + ": cannot create: " + problem.message());
  }
  ThreadPool alone(1);
  if (format == DType::kQ4) {  // which GGUF files alone have
    LECTIO_TRY(const Checkpoint checkpoint, open_checkpoint(golden / model));
    LECTIO_TRY(const auto converted,
               convert_to_gguf(checkpoint, format, gguf_paths_in(folder), {}, alone));
    return folder;
  }
  LECTIO_TRY(const TensorSource source, TensorSource::open(golden / model));
  LECTIO_TRY(const std::string config, read_file(golden / model / "config.json"));
  LECTIO_TRY_VOID(write_file_atomic(folder / "config.json", config));
  LECTIO_TRY(const auto converted,
             convert_to_safetensors(source, {}, format, folder / "model.safetensors", alone));
  return folder;
}

Result<void> make_full_model(Family family, DType format, const fs::path& folder, ThreadPool& pool,
                             const std::function<void(std::int64_t, std::int64_t)>& on_progress,
                             const std::stop_token& stop) {
  std::error_code problem;
  if (fs::exists(folder / "model.safetensors", problem) ||
      fs::exists(gguf_paths_in(folder).language, problem)) {
    return {};
  }
  SynthOptions options;
  options.gguf = format == DType::kQ4;
  options.format = format;
  options.on_progress = on_progress;
  options.stop = stop;
  const auto made = write_synthetic_model(to_config_json(official_spec(family)), "config.json",
                                          folder, options, pool);
  return made ? Result<void>() : made.error();
}

Result<DType> format_of_model(const fs::path& folder) {
  LECTIO_TRY(const Checkpoint checkpoint, open_checkpoint(folder));
  const TensorSource& source = checkpoint.tensors;
  std::map<DType, std::int64_t> numbers;
  for (const auto& [name, stored] : source.tensors()) {
    numbers[stored.view.dtype] += stored.view.shape.elements();
  }
  const auto most =
      std::ranges::max_element(numbers, {}, &std::pair<const DType, std::int64_t>::second);
  if (most != numbers.end()) return most->first;
  return Error(ErrorCode::kInvalidModel, folder.string() + ": no tensors");
}

}  // namespace lectio::proof
