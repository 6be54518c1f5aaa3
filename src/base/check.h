// SPDX-License-Identifier: Apache-2.0
// LECTIO_CHECK: a promise between our own functions, always on. A user's input must never reach one
// that fails.
#pragma once

#include <stdexcept>
#include <string>

namespace lectio {

// A broken promise inside the library: a bug. The page job that meets it fails; the process goes
// on.
class InvariantError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] inline void throw_invariant(const char* condition, const char* file, int line,
                                         const std::string& detail) {
  throw InvariantError(std::string(file) + ":" + std::to_string(line) + ": " + condition + ": " +
                       detail);
}

}  // namespace lectio

#define LECTIO_CHECK(condition, detail)                                                  \
  do {                                                                                   \
    if (!(condition)) ::lectio::throw_invariant(#condition, __FILE__, __LINE__, detail); \
  } while (false)
