// SPDX-License-Identifier: Apache-2.0
// Text over the pages of a stranger's PDF, in a process that can take nobody down.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "media/pdf/pdf_overlay.h"

namespace lectio {

// The argument that the program is run with. It reads a request (parse_overlay_request) from
// kProgramInput, writes the new file to standard output, and ends with 0; or says why not on
// standard error and ends with another code.
inline constexpr const char* kOverlayCommand = "overlay-pdf";

// Runs the program on the original. kInvalidInput with what it says; kIo, kTooLarge.
Result<std::string> overlay_in_process(const std::filesystem::path& program,
                                       const std::filesystem::path& original,
                                       const PdfOverlay& overlay);

// By its first bytes. False for what cannot be read.
bool is_pdf_file(const std::filesystem::path& path);

}  // namespace lectio
