// SPDX-License-Identifier: Apache-2.0
// Runs another program on a file from a stranger, so that whatever it does there hurts nobody else.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"

namespace lectio {

// What the program may take. It writes no file at all and dumps no core.
struct ProgramLimits {
  std::int64_t address_space = std::int64_t{2} << 30;  // bytes
  std::int64_t cpu_seconds = 60;
  std::int64_t output_bytes = std::int64_t{1} << 30;  // of standard output
  std::chrono::milliseconds time{120'000};
};

// The name under which the program finds ProgramRequest::input.
inline constexpr const char* kProgramInput = "/dev/fd/3";

struct ProgramRequest {
  std::filesystem::path program;       // a file; no shell and no search is involved
  std::vector<std::string> arguments;  // without the name of the program
  int input = -1;                      // a descriptor that the program may read; -1: none
  ProgramLimits limits;
  std::stop_token stop;
};

struct ProgramResult {
  int code = -1;    // exit status; 128 + signal where a signal ended it
  std::string out;  // all of standard output
  std::string err;  // the beginning of standard error
};

// In a process group of its own, with an environment of its own, no other descriptor, no rights to
// gain, and killed with us. An exit status other than 0 is a result. kIo where it cannot be
// started, kTooLarge where it went over a limit on time, processor time or output, kCancelled where
// stop was requested. Thread-safe.
Result<ProgramResult> run_program(const ProgramRequest& request);

}  // namespace lectio
