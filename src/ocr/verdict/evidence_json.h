// SPDX-License-Identifier: Apache-2.0
// Evidence as JSON, the same in results, reports and stores.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "ocr/verdict/verdict.h"

namespace lectio {

// An object: finish, loop, attempts, ink, read_characters, confidence, error, skipped. What is not
// known is left out.
std::string to_json(const Evidence& evidence);
// The way back. kInvalidInput for anything that to_json does not write.
Result<Evidence> parse_evidence(std::string_view json);

std::string to_json(const LoopSpan& loop);
Result<LoopSpan> parse_loop(std::string_view json);

}  // namespace lectio
