// SPDX-License-Identifier: Apache-2.0
// Messages for people, on standard error.
#pragma once

#include <string>

#include "apps/cli/exit_codes.h"
#include "base/result.h"

namespace lectio::cli {

// Lines of the library and of the commands go to standard error. quiet leaves warnings and errors,
// verbose adds everything else. Called once, first.
void set_up_console(bool quiet, bool verbose);

// Says the error and gives its code.
int report(const Error& error);
int report(const Error& error, ExitCode code);

}  // namespace lectio::cli
