// SPDX-License-Identifier: Apache-2.0
// Which GGUF files make a model, and by whose conventions they are written (spec 12).
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "model/gguf/gguf.h"

namespace lectio {

enum class GgufLayout {
  kLlamaCpp,  // a language file and a vision file ("mmproj")
  kOllama,    // one file with both
};

// Movable.
struct GgufModel {
  GgufLayout layout = GgufLayout::kLlamaCpp;
  GgufFile language;
  std::optional<GgufFile> vision;  // of kLlamaCpp alone
};

// The GGUF model at `path`: a file that begins as GGUF files do, or a folder without config.json
// that holds one such language file. `vision` names the vision file; where it is empty, the one
// *mmproj*.gguf beside the language file is taken. Nothing where the path holds a model of another
// kind. kNotFound, kInvalidModel or kInvalidArgument (a vision file where none belongs) otherwise.
Result<std::optional<GgufModel>> open_gguf_model(const std::filesystem::path& path,
                                                 const std::filesystem::path& vision = {});

// The language file of that model alone, for who needs no weights; nothing as above.
Result<std::optional<GgufFile>> open_gguf_language(const std::filesystem::path& path);

}  // namespace lectio
