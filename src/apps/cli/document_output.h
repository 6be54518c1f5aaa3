// SPDX-License-Identifier: Apache-2.0
// A document's files below the output folder.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "ocr/document/document.h"
#include "ocr/export/formats.h"
#include "pipeline/pipeline.h"

namespace lectio::cli {

// A page as the tree has it: what the model wrote, cut into blocks, and how it was read.
DocumentPage document_page(const PageResult& result, const std::string& prompt);

// <folder>/<place>/<stem>.md and so on, where stem is the last part of place; each file is written
// whole or not at all.
Result<void> write_document(const Document& document, const std::vector<Format>& formats,
                            const std::filesystem::path& folder, const std::filesystem::path& place);

}  // namespace lectio::cli
