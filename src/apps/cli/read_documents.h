// SPDX-License-Identifier: Apache-2.0
// lectio read, its results as documents in a folder.
#pragma once

#include <stop_token>

#include "apps/cli/arguments.h"
#include "apps/cli/interrupt.h"

namespace lectio::cli {

int read_to_documents(const ReadArguments& arguments, const Interrupt& interrupt,
                      std::stop_source stop);

}  // namespace lectio::cli
