// SPDX-License-Identifier: Apache-2.0
#include "ocr/pages/page.h"

#include <span>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "media/image/decode.h"

namespace lectio {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 30;

}  // namespace

const char* finish_reason_name(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kMaxTokens:
      return "max_tokens";
    case FinishReason::kMaxContext:
      return "max_context";
    case FinishReason::kLoop:
      return "loop";
    case FinishReason::kCancelled:
      return "cancelled";
  }
  LECTIO_CHECK(false, "finish reason " + std::to_string(static_cast<int>(reason)));
}

const char* loop_kind_name(LoopKind kind) {
  switch (kind) {
    case LoopKind::kTokens:
      return "tokens";
    case LoopKind::kNumbers:
      return "numbers";
    case LoopKind::kBoxes:
      return "boxes";
    case LoopKind::kSurplus:
      return "surplus";
  }
  LECTIO_CHECK(false, "loop kind " + std::to_string(static_cast<int>(kind)));
}

Result<Page> open_page(const std::filesystem::path& path) {
  // Read, not mapped: a file that shrinks while it is decoded must not become a signal.
  LECTIO_TRY(const std::string file, read_file(path, kMaxFileBytes));
  Page page;
  page.source = path.string();
  LECTIO_TRY(page.image, decode_image(std::as_bytes(std::span(file)), page.source));
  return page;
}

}  // namespace lectio
