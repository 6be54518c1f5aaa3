// SPDX-License-Identifier: Apache-2.0
// Tables as the model writes them, HTML, to cells.
#pragma once

#include <optional>
#include <string_view>

#include "ocr/document/document.h"

namespace lectio {

// Reads <tr>, <td> and <th> with rowspan and colspan, closed or not; every other tag is passed
// over. Text outside of cells becomes the caption. Spans are cut at the table's last row; where
// they are absurd (more than a million places in all) they count as 1. Empty where the text has no
// cell.
std::optional<Table> parse_table(std::string_view html);

}  // namespace lectio
