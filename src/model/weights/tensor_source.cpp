// SPDX-License-Identifier: Apache-2.0
#include "model/weights/tensor_source.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/log.h"
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

struct Index {
  WeightMap shards;
  std::optional<std::int64_t> total_size;
};

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

Result<Index> read_index(const fs::path& path) {
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
  Index read{std::move(shards), std::nullopt};
  const auto metadata = index.find("metadata");
  if (metadata != index.end() && metadata->is_object()) {
    const auto size = metadata->find("total_size");
    if (size != metadata->end() && size->is_number_integer()) {
      read.total_size = size->get<std::int64_t>();
    }
  }
  return read;
}

bool is_aligned(const TensorView& view) {
  const std::int64_t unit = is_block_format(view.dtype) ? 2 : block_bytes(view.dtype);
  return reinterpret_cast<std::uintptr_t>(view.data) % static_cast<std::uintptr_t>(unit) == 0;
}

Tensor copy_of(const TensorView& view) {
  Tensor copy(view.shape, view.dtype);
  std::memcpy(copy.view().data, view.data, static_cast<std::size_t>(view.bytes()));
  return copy;
}

// The extents that are not 1.
std::vector<std::int64_t> real_extents(std::span<const std::int64_t> extents) {
  std::vector<std::int64_t> real;
  std::ranges::copy_if(extents, std::back_inserter(real), [](std::int64_t n) { return n != 1; });
  return real;
}

std::vector<std::int64_t> extents_of(const Shape& shape) {
  std::vector<std::int64_t> extents;
  for (int axis = 0; axis < shape.rank(); ++axis) extents.push_back(shape[axis]);
  return extents;
}

// The listed shape with -1 replaced by what is stored, where they differ in extents of 1 alone.
std::optional<Shape> fitted(const TensorEntry& entry, const TensorView& stored) {
  const std::vector<std::int64_t> found = real_extents(extents_of(stored.shape));
  const std::vector<std::int64_t> listed = real_extents(entry.shape);
  if (found.size() != listed.size()) return std::nullopt;
  std::vector<std::int64_t> extents = entry.shape;
  std::size_t next = 0;
  for (std::int64_t& extent : extents) {
    if (extent == 1) continue;
    const std::int64_t actual = found[next++];
    if (extent >= 0 && extent != actual) return std::nullopt;
    extent = actual;
  }
  const Shape shape{std::span<const std::int64_t>(extents)};
  // Blocks run along the last axis.
  if (is_block_format(stored.dtype) && shape.last() != stored.shape.last()) return std::nullopt;
  return shape;
}

constexpr std::int64_t kMaxExperts = 1024;

// The rows of one expert in a tensor [experts, parts * rows, columns].
TensorView expert_of(const TensorView& stacked, std::int64_t expert, const OfficialTensor& tensor) {
  const std::int64_t rows = stacked.shape[1] / tensor.parts;
  return stacked.row_range(expert * stacked.shape[1] + tensor.part * rows, rows);
}

}  // namespace

Result<void> TensorSource::add_file(const fs::path& path) {
  LECTIO_TRY(MappedFile file, MappedFile::open(path));
  LECTIO_TRY(SafetensorsHeader header, parse_safetensors(file.bytes(), path.string()));
  std::vector<std::string> problems;
  const std::string name = path.filename().string();
  for (SafetensorsEntry& entry : header.tensors) {
    // The mapping is read-only; a view of weights is only ever read.
    TensorView view{const_cast<std::byte*>(file.bytes().data() + entry.begin), entry.dtype,
                    entry.shape};
    if (!is_aligned(view)) view = copies_.emplace_back(copy_of(view)).view();
    const auto [place, is_new] = tensors_.try_emplace(entry.name, StoredTensor{view, name});
    if (!is_new) problems.push_back("tensor '" + entry.name + "': also in " + place->second.file);
  }
  metadata_.merge(header.metadata);
  files_.push_back(std::move(file));
  if (!problems.empty()) return problems_error(ErrorCode::kInvalidModel, path.string(), problems);
  return {};
}

Result<void> TensorSource::add_shards(const fs::path& index) {
  LECTIO_TRY(const Index read, read_index(index));
  const WeightMap& map = read.shards;
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
  std::int64_t bytes = 0;
  for (const auto& [name, stored] : tensors_) bytes += stored.view.bytes();
  if (read.total_size && *read.total_size != bytes) {
    log(LogLevel::kInfo, index.string() + ": total_size says " + std::to_string(*read.total_size) +
                             ", the tensors have " + std::to_string(bytes) +
                             " bytes; the published index of DeepSeek-OCR-2 is off too");
  }
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

Result<void> TensorSource::add_gguf(const GgufFile& file) {
  std::vector<std::string> problems;
  const std::string name = file.path().filename().string();
  for (const GgufTensor& tensor : file.header().tensors) {
    const auto [place, is_new] =
        tensors_.try_emplace(tensor.name, StoredTensor{file.view(tensor), name});
    if (!is_new) problems.push_back("tensor '" + tensor.name + "': also in " + place->second.file);
  }
  if (problems.empty()) return {};
  return problems_error(ErrorCode::kInvalidModel, file.path().string(), problems);
}

// Names that the layout does not have stay as they are.
Result<void> TensorSource::take_official_names(Naming naming, Family family) {
  std::map<std::string, StoredTensor> official;
  std::vector<std::string> problems;
  const auto add = [&](const std::string& name, StoredTensor stored, const std::string& old_name) {
    if (official.try_emplace(name, std::move(stored)).second) return;
    problems.push_back("tensor '" + old_name + "': holds '" + name + "' a second time");
  };
  for (const auto& [name, stored] : tensors_) {
    const std::vector<OfficialTensor> meanings = official_tensors(naming, family, name);
    if (meanings.empty()) add(name, stored, name);
    for (const OfficialTensor& meaning : meanings) {
      if (!meaning.stacked) {
        add(meaning.name, stored, name);
        continue;
      }
      const Shape& shape = stored.view.shape;
      if (shape.rank() != 3 || shape[0] > kMaxExperts || shape[1] % meaning.parts != 0) {
        problems.push_back("tensor '" + name + "': expected at most " +
                           std::to_string(kMaxExperts) + " experts of " +
                           std::to_string(meaning.parts) + " equal parts, found " +
                           shape.to_string());
        break;
      }
      for (std::int64_t e = 0; e < shape[0]; ++e) {
        add(with_expert(meaning.name, e), {expert_of(stored.view, e, meaning), stored.file}, name);
      }
    }
  }
  if (!problems.empty()) return problems_error(ErrorCode::kInvalidModel, name_, problems);
  tensors_ = std::move(official);
  return {};
}

Result<TensorSource> TensorSource::from_gguf(std::shared_ptr<const GgufModel> model,
                                             Family family) {
  TensorSource source;
  source.name_ = model->language.path().string();
  LECTIO_TRY_VOID(source.add_gguf(model->language));
  if (model->vision) LECTIO_TRY_VOID(source.add_gguf(*model->vision));
  const Naming naming = model->layout == GgufLayout::kOllama ? Naming::kOllama : Naming::kLlamaCpp;
  source.gguf_ = std::move(model);
  LECTIO_TRY_VOID(source.take_official_names(naming, family));
  return source;
}

void TensorSource::fit_shapes(const std::vector<TensorEntry>& table) {
  for (const TensorEntry& entry : table) {
    const auto found = tensors_.find(entry.name);
    if (found == tensors_.end()) continue;
    TensorView& view = found->second.view;
    if (const auto shape = fitted(entry, view)) view = view.reshaped(*shape);
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
  constexpr std::string_view kTransformersPrefix = "model.vision_tower.";
  const auto first = source.tensors_.lower_bound(std::string(kTransformersPrefix));
  if (first != source.tensors_.end() && first->first.starts_with(kTransformersPrefix)) {
    LECTIO_TRY_VOID(source.take_official_names(Naming::kTransformers, Family::kV2));
  }
  return source;
}

TensorSource TensorSource::of(std::string name, std::map<std::string, Tensor> tensors) {
  TensorSource source;
  source.name_ = std::move(name);
  source.owned_ = std::move(tensors);
  for (const auto& [tensor, numbers] : source.owned_) {
    source.tensors_.emplace(tensor, StoredTensor{numbers.view(), source.name_});
  }
  return source;
}

const StoredTensor* TensorSource::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

}  // namespace lectio
