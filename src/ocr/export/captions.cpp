// SPDX-License-Identifier: Apache-2.0
#include "ocr/export/captions.h"

namespace lectio {
namespace {

bool fits(const Block& caption, const Block& block) {
  if (block.kind == BlockKind::kTable) return caption.label.find("table") != std::string::npos;
  return block.kind == BlockKind::kFigure && caption.label.find("table") == std::string::npos;
}

}  // namespace

std::vector<std::size_t> owners_of(const DocumentPage& page) {
  std::vector<std::size_t> owners(page.blocks.size());
  for (std::size_t i = 0; i < owners.size(); ++i) {
    owners[i] = i;
    if (page.blocks[i].kind != BlockKind::kCaption) continue;
    if (i > 0 && fits(page.blocks[i], page.blocks[i - 1])) {
      owners[i] = i - 1;
    } else if (i + 1 < owners.size() && fits(page.blocks[i], page.blocks[i + 1])) {
      owners[i] = i + 1;
    }
  }
  return owners;
}

}  // namespace lectio
