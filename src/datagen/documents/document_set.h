// SPDX-License-Identifier: Apache-2.0
// Documents as a folder that `lectio eval pages` reads.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "datagen/documents/document.h"

namespace lectio::documents {

struct DocumentSet {
  DocumentRecipe recipe;
  std::int64_t pages = 50;
  std::uint64_t seed = 1;
};

// Writes DIR/text.json, each page with its Markdown and blocks beside the text, and
// DIR/pages/*.png. kIo where something cannot be written.
Result<void> write_document_set(const DocumentFactory& documents, const DocumentSet& set,
                                const std::filesystem::path& folder);

}  // namespace lectio::documents
