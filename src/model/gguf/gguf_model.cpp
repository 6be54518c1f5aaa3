// SPDX-License-Identifier: Apache-2.0
#include "model/gguf/gguf_model.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace lectio {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLanguage = "deepseek2-ocr";
constexpr std::string_view kVision = "clip";
constexpr std::string_view kOllama = "deepseekocr";

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool begins_as_gguf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 4> start{};
  file.read(start.data(), start.size());
  return file && std::string_view(start.data(), start.size()) == kGgufMagic;
}

struct Found {
  std::vector<fs::path> language;
  std::vector<fs::path> vision;
};

// By name, in alphabetical order.
Found gguf_files(const fs::path& folder) {
  Found found;
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem)) {
    const fs::path& path = at->path();
    if (lower(path.extension().string()) != ".gguf") continue;
    const bool vision = lower(path.filename().string()).find("mmproj") != std::string::npos;
    (vision ? found.vision : found.language).push_back(path);
  }
  std::ranges::sort(found.language);
  std::ranges::sort(found.vision);
  return found;
}

std::string listed(const std::vector<fs::path>& paths) {
  std::string names;
  for (const fs::path& path : paths)
    names += (names.empty() ? "" : ", ") + path.filename().string();
  return names.empty() ? "none" : names;
}

Result<fs::path> only_one(const std::vector<fs::path>& paths, const fs::path& folder,
                          const char* what) {
  if (paths.size() == 1) return paths.front();
  return Error(paths.empty() ? ErrorCode::kNotFound : ErrorCode::kInvalidArgument,
               folder.string() + ": expected one " + what + ", found " + listed(paths));
}

Result<void> check_whole(const GgufFile& file) {
  const GgufValue* const split = file.header().find("split.count");
  if (split == nullptr || split->integer().value_or(0) <= 1) return {};
  return Error(ErrorCode::kUnsupported, file.path().string() +
                                            ": expected a model in one file, found a part of " +
                                            std::to_string(*split->integer()));
}

Result<GgufFile> open_vision(const fs::path& path) {
  LECTIO_TRY(GgufFile file, GgufFile::open(path));
  LECTIO_TRY_VOID(check_whole(file));
  const std::string_view architecture = file.header().text("general.architecture");
  if (architecture == kVision) return file;
  return Error(ErrorCode::kInvalidModel, path.string() + ": general.architecture: expected '" +
                                             std::string(kVision) + "' of a vision file, found '" +
                                             std::string(architecture) + "'");
}

Result<GgufFile> open_language(const fs::path& path) {
  LECTIO_TRY(GgufFile file, GgufFile::open(path));
  LECTIO_TRY_VOID(check_whole(file));
  const std::string_view architecture = file.header().text("general.architecture");
  if (architecture == kLanguage || architecture == kOllama) return file;
  return Error(ErrorCode::kInvalidModel,
               path.string() + ": general.architecture: expected '" + std::string(kLanguage) +
                   "' or '" + std::string(kOllama) + "', found '" + std::string(architecture) +
                   "'" + (architecture == kVision ? ", the vision file of a model" : ""));
}

Result<GgufModel> open_files(const fs::path& language, const fs::path& vision) {
  LECTIO_TRY(GgufFile file, open_language(language));
  if (file.header().text("general.architecture") == kOllama) {
    if (!vision.empty()) {
      return Error(ErrorCode::kInvalidArgument, vision.string() +
                                                    ": expected no vision file beside " +
                                                    language.string() + ", which holds both");
    }
    return GgufModel{GgufLayout::kOllama, std::move(file), std::nullopt};
  }
  fs::path beside = vision;
  if (beside.empty()) {
    const fs::path folder = language.has_parent_path() ? language.parent_path() : fs::path(".");
    LECTIO_TRY(beside, only_one(gguf_files(folder).vision, folder, "vision file *mmproj*.gguf"));
  }
  LECTIO_TRY(GgufFile second, open_vision(beside));
  return GgufModel{GgufLayout::kLlamaCpp, std::move(file), std::move(second)};
}

// Empty where the path holds a model of another kind.
Result<fs::path> language_file(const fs::path& path) {
  std::error_code problem;
  if (fs::is_directory(path, problem)) {
    const Found found = gguf_files(path);
    if (fs::exists(path / "config.json", problem) || found.language.empty()) return fs::path();
    return only_one(found.language, path, "language file *.gguf");
  }
  const bool named = fs::exists(path, problem) && lower(path.extension().string()) == ".gguf";
  return named || begins_as_gguf(path) ? path : fs::path();
}

}  // namespace

Result<std::optional<GgufModel>> open_gguf_model(const fs::path& path, const fs::path& vision) {
  LECTIO_TRY(const fs::path language, language_file(path));
  if (!language.empty()) {
    LECTIO_TRY(GgufModel model, open_files(language, vision));
    return std::optional<GgufModel>(std::move(model));
  }
  if (!vision.empty()) {
    return Error(
        ErrorCode::kInvalidArgument,
        vision.string() + ": expected a GGUF language file with it, found " + path.string());
  }
  return std::optional<GgufModel>();
}

Result<std::optional<GgufFile>> open_gguf_language(const fs::path& path) {
  LECTIO_TRY(const fs::path language, language_file(path));
  if (language.empty()) return std::optional<GgufFile>();
  LECTIO_TRY(GgufFile file, open_language(language));
  return std::optional<GgufFile>(std::move(file));
}

}  // namespace lectio
