// SPDX-License-Identifier: Apache-2.0
// Tensors of a checkpoint by official name: mapped files, fully checked before the first byte is
// used.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "compute/tensor/tensor.h"
#include "model/gguf/gguf_model.h"
#include "model/spec/tensor_table.h"
#include "model/weights/tensor_names.h"

namespace lectio {

// One tensor in a file: dtype and shape as stored, bytes mapped. A block-format tensor already has
// its logical shape.
struct StoredTensor {
  TensorView view;
  std::string file;  // for messages
};

// The tensors of one or several mapped files. Movable; views live as long as it does. Immutable, so
// thread-safe.
class TensorSource {
 public:
  // A .safetensors file, or a folder with model.safetensors, or with model.safetensors.index.json
  // and its shards. Names of the transformers library become official ones. Numbers that do not
  // stand at a multiple of their size are copied; nothing else is.
  static Result<TensorSource> open(const std::filesystem::path& path);
  // A GGUF model of this version. The experts of a layer, stored as one tensor, become many, in
  // place.
  static Result<TensorSource> from_gguf(std::shared_ptr<const GgufModel> model, Family family);

  // Leaves out or adds extents of 1 where that makes a tensor what the table lists: writers differ
  // in them.
  void fit_shapes(const std::vector<TensorEntry>& table);

  // Tensors that it keeps in memory. `name` stands for the file in messages.
  static TensorSource of(std::string name, std::map<std::string, Tensor> tensors);

  const StoredTensor* find(const std::string& name) const;  // null where there is none
  const std::map<std::string, StoredTensor>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::string& name() const { return name_; }  // the path that was opened, for messages

 private:
  Result<void> add_file(const std::filesystem::path& path);
  Result<void> add_shards(const std::filesystem::path& index);
  Result<void> add_gguf(const GgufFile& file);
  void check_placement(const std::map<std::string, std::string>& shard_of,
                       std::vector<std::string>& problems) const;
  Result<void> take_official_names(Naming naming, Family family);

  std::string name_;
  std::vector<MappedFile> files_;
  std::vector<Tensor> copies_;
  std::shared_ptr<const GgufModel> gguf_;
  std::map<std::string, Tensor> owned_;
  std::map<std::string, StoredTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace lectio
