// SPDX-License-Identifier: Apache-2.0
// Which caption belongs to which figure or table.
#pragma once

#include <cstddef>
#include <vector>

#include "ocr/document/document.h"

namespace lectio {

// For every block of the page the place of the figure or table that it is the caption of, or its
// own place where it is none. A caption belongs to the nearest neighbour that its label speaks of:
// the block before it, else the one behind.
std::vector<std::size_t> owners_of(const DocumentPage& page);

}  // namespace lectio
