// SPDX-License-Identifier: Apache-2.0
#include "model/weights/checkpoint.h"

#include <memory>
#include <utility>

#include "model/gguf/gguf_model.h"
#include "model/spec/tensor_table.h"
#include "model/weights/gguf_spec.h"

namespace lectio {

Result<Checkpoint> open_checkpoint(const std::filesystem::path& path,
                                   const std::filesystem::path& vision) {
  LECTIO_TRY(std::optional<GgufModel> gguf, open_gguf_model(path, vision));
  if (!gguf) {
    LECTIO_TRY(NetworkSpec spec, read_network_spec(path / "config.json"));
    LECTIO_TRY(TensorSource tensors, TensorSource::open(path));
    tensors.fit_shapes(tensor_table(spec));
    return Checkpoint{std::move(spec), std::move(tensors)};
  }
  const auto model = std::make_shared<const GgufModel>(*std::move(gguf));
  LECTIO_TRY(const Family family, gguf_family(*model));
  LECTIO_TRY(TensorSource tensors, TensorSource::from_gguf(model, family));
  LECTIO_TRY(NetworkSpec spec, gguf_spec(*model, family, tensors));
  tensors.fit_shapes(tensor_table(spec));
  return Checkpoint{std::move(spec), std::move(tensors)};
}

}  // namespace lectio
