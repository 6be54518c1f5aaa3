// SPDX-License-Identifier: Apache-2.0
#include "ocr/assembly/overlay_program.h"

#include <array>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/file_descriptor.h"
#include "base/program.h"

namespace lectio {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 29;  // of an original

// The original is not kept in memory beyond this.
Result<FileDescriptor> request_file(const std::filesystem::path& original,
                                    const PdfOverlay& overlay) {
  LECTIO_TRY(const std::string bytes, read_file(original, kMostBytes));
  return anonymous_file(to_overlay_request(bytes, overlay), "the request");
}

}  // namespace

Result<std::string> overlay_in_process(const std::filesystem::path& program,
                                       const std::filesystem::path& original,
                                       const PdfOverlay& overlay) {
  LECTIO_TRY(const FileDescriptor file, request_file(original, overlay));
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
