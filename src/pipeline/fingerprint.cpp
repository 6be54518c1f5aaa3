// SPDX-License-Identifier: Apache-2.0
#include "pipeline/fingerprint.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kWhole = std::size_t{64} << 20;
constexpr std::size_t kHead = std::size_t{1} << 20;
constexpr std::size_t kSamples = 64;
constexpr std::size_t kSampleBytes = 4096;

Result<void> add_file(const fs::path& path, Sha256& hash) {
  LECTIO_TRY(const MappedFile file, MappedFile::open(path));
  const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()),
                               file.bytes().size());
  hash.add(path.filename().string() + ":" + std::to_string(bytes.size()) + ":");
  if (bytes.size() <= kWhole) {
    hash.add(bytes);
    return {};
  }
  hash.add(bytes.substr(0, kHead));
  const std::size_t step = (bytes.size() - kSampleBytes) / kSamples;
  for (std::size_t i = 1; i <= kSamples; ++i) hash.add(bytes.substr(i * step, kSampleBytes));
  return {};
}

}  // namespace

Result<std::string> fingerprint(const fs::path& model_folder) {
  std::error_code problem;
  std::vector<fs::path> files;
  // A model can be a single file too.
  if (fs::is_regular_file(model_folder, problem)) {
    files.push_back(model_folder);
  } else {
    for (fs::directory_iterator at(model_folder, problem), end; !problem && at != end;
         at.increment(problem)) {
      const std::string ending = at->path().extension().string();
      if (ending == ".json" || ending == ".safetensors") files.push_back(at->path());
    }
  }
  if (problem) {
    return Error(ErrorCode::kIo, model_folder.string() + ": cannot read: " + problem.message());
  }
  std::sort(files.begin(), files.end());
  Sha256 hash;
  for (const fs::path& file : files) LECTIO_TRY_VOID(add_file(file, hash));
  return hash.hex();
}

}  // namespace lectio
