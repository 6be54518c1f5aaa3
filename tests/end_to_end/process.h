// SPDX-License-Identifier: Apache-2.0
// Runs the real binary and keeps everything it says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace lectio {

struct ProcessOptions {
  std::filesystem::path input = "/dev/null";       // standard input
  std::filesystem::path output;                    // standard output; empty: captured
  bool closed_pipe = false;                        // standard output is a pipe that nobody reads
  std::map<std::string, std::string> environment;  // added; LECTIO_MODEL is unset otherwise
  std::int64_t max_memory = 0;                     // address space in bytes; 0: no limit
  bool as_nobody = false;           // without root's rights, where the tests run as root
  int interrupts_after_output = 0;  // sends so many SIGINT once the first output has come
  // Asked every few milliseconds: true sends SIGKILL, SIGINT.
  std::function<bool()> kill_when;
  std::function<bool()> interrupt_when;
};

struct ProcessResult {
  int code = -1;  // exit status; 128 + signal if a signal ended it
  std::string out;
  std::string err;
};

ProcessResult run_process(const std::filesystem::path& binary,
                          const std::vector<std::string>& arguments,
                          const ProcessOptions& options = {});

}  // namespace lectio
