// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/input.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace lectio::cli {

Result<std::string> read_standard_input(std::size_t max_bytes) {
  std::string bytes;
  std::array<char, 1 << 16> chunk{};
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (count == 0) return bytes;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return Error(ErrorCode::kIo, std::string(kStandardInput) +
                                       ": cannot read: " + std::generic_category().message(errno));
    }
    bytes.append(chunk.data(), static_cast<std::size_t>(count));
    if (bytes.size() > max_bytes) {
      return Error(ErrorCode::kTooLarge, std::string(kStandardInput) + ": expected at most " +
                                             std::to_string(max_bytes) + " bytes");
    }
  }
}

}  // namespace lectio::cli
