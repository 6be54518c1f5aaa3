// SPDX-License-Identifier: Apache-2.0
#include "model/weights/tensor_source.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "model/spec/problems.h"
#include "model/weights/safetensors.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";
constexpr std::uint64_t kMaxIndexBytes = 64 << 20;
constexpr int kMaxIndexDepth = 8;

using WeightMap = std::map<std::string, std::string>;  // tensor to shard

Result<Json> parse_index(const std::string& text, const std::string& name) {
  bool too_deep = false;
  const auto keep_shallow = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxIndexDepth;
    return !too_deep;
  };
  Json index = Json::parse(text, keep_shallow, /*allow_exceptions=*/false);
  if (!too_deep && index.is_object() && index.contains("weight_map") &&
      index["weight_map"].is_object()) {
    return index;
  }
  return Error(ErrorCode::kInvalidModel,
               name + ": expected a JSON object with an object 'weight_map'");
}

// A shard is a file beside the index: its name must not lead anywhere else.
bool is_plain_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\\') == std::string::npos && name.find('\0') == std::string::npos;
}

// The index's total_size is not used: the one published with v2 is stale.
Result<WeightMap> read_weight_map(const fs::path& path) {
  LECTIO_TRY(const std::string text, read_file(path, kMaxIndexBytes));
  LECTIO_TRY(const Json index, parse_index(text, path.string()));
  WeightMap shards;
  std::vector<std::string> problems;
  for (const auto& item : index["weight_map"].items()) {
    const bool ok =
        item.value().is_string() && is_plain_file_name(item.value().get_ref<const std::string&>());
    if (ok) {
      shards[item.key()] = item.value().get<std::string>();
    } else {
      problems.push_back("tensor '" + item.key() +
                         "': expected the name of a file beside the index");
    }
  }
  if (shards.empty() && problems.empty()) problems.emplace_back("weight_map: names no tensor");
  if (!problems.empty()) return problems_error(ErrorCode::kInvalidModel, path.string(), problems);
  return shards;
}

}  // namespace

Result<void> TensorSource::add_file(const fs::path& path) {
  LECTIO_TRY(MappedFile file, MappedFile::open(path));
  LECTIO_TRY(SafetensorsHeader header, parse_safetensors(file.bytes(), path.string()));
  std::vector<std::string> problems;
  const std::string name = path.filename().string();
  for (SafetensorsEntry& entry : header.tensors) {
    // The mapping is read-only; a view of weights is only ever read.
    void* data = const_cast<std::byte*>(file.bytes().data() + entry.begin);
    const auto [place, is_new] =
        tensors_.try_emplace(entry.name, StoredTensor{{data, entry.dtype, entry.shape}, name});
    if (!is_new) problems.push_back("tensor '" + entry.name + "': also in " + place->second.file);
  }
  metadata_.merge(header.metadata);
  files_.push_back(std::move(file));
  if (!problems.empty()) return problems_error(ErrorCode::kInvalidModel, path.string(), problems);
  return {};
}

Result<void> TensorSource::add_shards(const fs::path& index) {
  LECTIO_TRY(const WeightMap map, read_weight_map(index));
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : map) shards.insert(shard);
  std::vector<std::string> problems;
  for (const std::string& shard : shards) {
    const Result<void> added = add_file(index.parent_path() / shard);
    if (!added) problems.push_back(added.error().message());
  }
  // A shard that could not be read would be blamed again for each of its tensors.
  if (problems.empty()) check_placement(map, problems);
  if (!problems.empty()) return problems_error(ErrorCode::kInvalidModel, index.string(), problems);
  return {};
}

void TensorSource::check_placement(const std::map<std::string, std::string>& shard_of,
                                   std::vector<std::string>& problems) const {
  for (const auto& [tensor, shard] : shard_of) {
    const StoredTensor* stored = find(tensor);
    if (stored != nullptr && stored->file == shard) continue;
    problems.push_back("tensor '" + tensor + "': expected in " + shard + ", found " +
                       (stored == nullptr ? "nowhere" : "in " + stored->file));
  }
}

Result<TensorSource> TensorSource::open(const fs::path& path) {
  TensorSource source;
  source.name_ = path.string();
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    LECTIO_TRY_VOID(source.add_file(path));
  } else if (fs::exists(path / kSingleFile, ignored)) {
    LECTIO_TRY_VOID(source.add_file(path / kSingleFile));
  } else if (fs::exists(path / kIndexFile, ignored)) {
    LECTIO_TRY_VOID(source.add_shards(path / kIndexFile));
  } else {
    return Error(ErrorCode::kNotFound, path.string() + ": expected " + kSingleFile + " or " +
                                           kIndexFile + ", found neither");
  }
  return source;
}

const StoredTensor* TensorSource::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

}  // namespace lectio
