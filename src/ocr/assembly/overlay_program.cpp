// SPDX-License-Identifier: Apache-2.0
#include "ocr/assembly/overlay_program.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/program.h"

namespace lectio {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 29;  // of an original

// The request as a file without a name.
class RequestFile {
 public:
  RequestFile() : value_(::memfd_create("overlay", MFD_CLOEXEC)) {}
  RequestFile(const RequestFile&) = delete;
  RequestFile& operator=(const RequestFile&) = delete;
  ~RequestFile() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }
  bool write(std::string_view bytes) const {
    while (value_ >= 0 && !bytes.empty()) {
      const ssize_t count = ::write(value_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return value_ >= 0;
  }

 private:
  int value_;
};

}  // namespace

Result<std::string> overlay_in_process(const std::filesystem::path& program,
                                       const std::filesystem::path& original,
                                       const PdfOverlay& overlay) {
  RequestFile file;
  {
    LECTIO_TRY(const std::string bytes, read_file(original, kMostBytes));
    if (!file.write(to_overlay_request(bytes, overlay))) {
      return Error(ErrorCode::kIo, std::string("the request cannot be kept: ") +
                                       std::generic_category().message(errno));
    }
  }
  ProgramRequest request;
  request.program = program;
  request.arguments = {kOverlayCommand};
  request.input = file.get();
#ifdef __SANITIZE_ADDRESS__
  // Its shadow alone is larger than any limit.
  request.limits.address_space = std::numeric_limits<std::int64_t>::max();
#endif
  LECTIO_TRY(ProgramResult result, run_program(request));
  if (result.code == 0) return std::move(result.out);
  if (result.code > 128) {
    return Error(ErrorCode::kInvalidInput,
                 "PDF: the program was ended by signal " + std::to_string(result.code - 128));
  }
  std::string reason = result.err.substr(0, result.err.find('\n'));
  if (reason.empty()) reason = "PDF: the program ended with code " + std::to_string(result.code);
  return Error(ErrorCode::kInvalidInput, reason);
}

bool is_pdf_file(const std::filesystem::path& path) {
  std::array<char, 1024> beginning{};
  std::ifstream file(path, std::ios::binary);
  file.read(beginning.data(), std::ssize(beginning));
  return std::string_view(beginning.data(), static_cast<std::size_t>(file.gcount()))
             .find("%PDF-") != std::string_view::npos;
}

}  // namespace lectio
