// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/model_folder.h"

#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

namespace lectio::cli {
namespace {

constexpr const char* kDefaultModel = "lectio-nano";

std::vector<std::filesystem::path> usual_places() {
  std::vector<std::filesystem::path> places;
  std::error_code problem;
  const auto executable = std::filesystem::read_symlink("/proc/self/exe", problem);
  if (!problem) {
    places.push_back(executable.parent_path().parent_path() / "share/lectio/models" /
                     kDefaultModel);
  }
  places.push_back(std::filesystem::path(LECTIO_SOURCE_DIR) / "models" / kDefaultModel);
  return places;
}

}  // namespace

Result<std::filesystem::path> model_folder(const std::filesystem::path& named) {
  if (!named.empty()) return named;
  // Read once, before any thread is started.
  const char* const from_environment =
      std::getenv("LECTIO_MODEL");  // NOLINT(concurrency-mt-unsafe)
  if (from_environment != nullptr && *from_environment != '\0') {
    return std::filesystem::path(from_environment);
  }
  std::string looked_at;
  for (const std::filesystem::path& place : usual_places()) {
    std::error_code problem;
    if (std::filesystem::exists(place / "config.json", problem)) return place;
    looked_at += (looked_at.empty() ? "" : " and ") + place.string();
  }
  return Error(
      ErrorCode::kInvalidModel,
      "no model: neither --model nor LECTIO_MODEL is given, and nothing is in " + looked_at);
}

}  // namespace lectio::cli
