// SPDX-License-Identifier: Apache-2.0
// The learning curves of a run as pictures, from its log.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "media/plot/plot.h"

namespace lectio::train {

// Of log.jsonl: token accuracy of what was trained on by kind of page (smoothed) and of the
// controls, over minutes. Lines that are neither are passed over; kInvalidInput, with the line's
// number, for one that is no JSON object, and where no line of either kind is there.
Result<std::vector<Chart>> learning_curves(std::string_view log);

}  // namespace lectio::train
