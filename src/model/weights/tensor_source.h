// SPDX-License-Identifier: Apache-2.0
// Tensors of a checkpoint by name: mapped safetensors files, fully checked before the first byte is
// used.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "compute/tensor/tensor.h"

namespace lectio {

// One tensor in a file: dtype and shape as stored, bytes mapped. A Q8 tensor (spec in
// safetensors.h) already has its logical shape.
struct StoredTensor {
  TensorView view;
  std::string file;  // for messages
};

// The tensors of one or several mapped files. Movable; views live as long as it does. Immutable, so
// thread-safe.
class TensorSource {
 public:
  // A .safetensors file, or a folder with model.safetensors, or with model.safetensors.index.json
  // and its shards.
  static Result<TensorSource> open(const std::filesystem::path& path);

  const StoredTensor* find(const std::string& name) const;  // null where there is none
  const std::map<std::string, StoredTensor>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::string& name() const { return name_; }  // the path that was opened, for messages

 private:
  Result<void> add_file(const std::filesystem::path& path);
  Result<void> add_shards(const std::filesystem::path& index);
  void check_placement(const std::map<std::string, std::string>& shard_of,
                       std::vector<std::string>& problems) const;

  std::string name_;
  std::vector<MappedFile> files_;
  std::map<std::string, StoredTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace lectio
