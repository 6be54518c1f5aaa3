// SPDX-License-Identifier: Apache-2.0
// lectio overlay-pdf: not for people. The part of `read` that takes a stranger's PDF apart, in a
// process of its own with limits that its parent has set.
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/exit_codes.h"
#include "base/file.h"
#include "base/program.h"
#include "media/pdf/pdf_overlay.h"

namespace lectio::cli {
namespace {

Result<std::string> overlaid() {
  LECTIO_TRY(const std::string bytes, read_file(kProgramInput, std::uint64_t{1} << 31));
  LECTIO_TRY(OverlayRequest request, parse_overlay_request(bytes));
  return overlay_text(std::move(request.original), request.overlay);
}

}  // namespace

int run_overlay_pdf() {
  const auto pdf = overlaid();
  if (!pdf) {
    std::fprintf(stderr, "%s\n", pdf.error().message().c_str());
    return exit_code_of(pdf.error().code());
  }
  const bool written = std::fwrite(pdf->data(), 1, pdf->size(), stdout) == pdf->size();
  return written && std::fflush(stdout) == 0 ? kExitOk : kExitOther;
}

}  // namespace lectio::cli
