// SPDX-License-Identifier: Apache-2.0
#include "ocr/sources/inputs.h"

#include <glob.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <system_error>

namespace lectio {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with("."); }

// All files below a folder, in the order of their names.
Result<std::vector<fs::path>> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code problem;
  fs::recursive_directory_iterator at(folder, problem);
  for (const fs::recursive_directory_iterator end; !problem && at != end; at.increment(problem)) {
    if (is_hidden(at->path())) {
      at.disable_recursion_pending();
    } else if (std::error_code unknown; at->is_regular_file(unknown)) {
      files.push_back(at->path());
    }
  }
  if (problem) {
    return Error(ErrorCode::kIo, folder.string() + ": cannot read: " + problem.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> files_of_pattern(const std::string& pattern) {
  std::vector<fs::path> files;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return files;
}

Result<void> add(const fs::path& path, std::vector<InputFile>& inputs) {
  std::error_code unknown;
  if (!fs::is_directory(path, unknown)) {
    inputs.push_back({path, path.filename(), false});
    return {};
  }
  LECTIO_TRY(const auto files, files_below(path));
  for (const fs::path& file : files) {
    inputs.push_back({file, file.lexically_relative(path), true});
  }
  return {};
}

fs::path without_extension(fs::path place) {
  const fs::path stem = place.stem();
  return place.replace_filename(stem);
}

void make_places_differ(std::vector<InputFile>& inputs) {
  std::map<fs::path, int> uses;
  for (const InputFile& input : inputs) ++uses[without_extension(input.place)];
  std::set<fs::path> taken;
  for (InputFile& input : inputs) {
    fs::path place = without_extension(input.place);
    if (uses[place] > 1) place = input.place;
    fs::path free = place;
    for (int number = 2; !taken.insert(free).second; ++number) {
      free = place;
      free += "-" + std::to_string(number);
    }
    input.place = free;
  }
}

}  // namespace

bool has_document_name(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  constexpr const char* kEndings[] = {".pdf", ".png", ".jpg",  ".jpeg", ".webp", ".tif", ".tiff",
                                      ".bmp", ".gif", ".heic", ".heif", ".avif", ".jp2"};
  return std::find(std::begin(kEndings), std::end(kEndings), ending) != std::end(kEndings);
}

Result<std::vector<InputFile>> find_inputs(const std::vector<std::string>& names) {
  std::vector<InputFile> inputs;
  for (const std::string& name : names) {
    if (name == "-") {
      inputs.push_back({"-", "stdin", false});
      continue;
    }
    std::error_code unknown;
    std::vector<fs::path> paths = {name};
    if (!fs::exists(name, unknown) && name.find_first_of("*?[") != std::string::npos) {
      paths = files_of_pattern(name);
      if (paths.empty()) paths = {name};
    }
    for (const fs::path& path : paths) LECTIO_TRY_VOID(add(path, inputs));
  }
  make_places_differ(inputs);
  return inputs;
}

}  // namespace lectio
