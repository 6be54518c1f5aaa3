// SPDX-License-Identifier: Apache-2.0
// What a model wrote, from anywhere: no text may be lost, and no reader of it may fail.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "ocr/answer/geometry.h"
#include "ocr/answer/markup.h"
#include "ocr/answer/python_literal.h"
#include "ocr/answer/runner_text.h"
#include "ocr/answer/table.h"
#include "ocr/answer/testing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const lectio::ParsedAnswer parsed = lectio::parse_answer(text, 1240, 1754);
  const std::string broken = lectio::testing_answer::broken_promise(text, parsed);
  LECTIO_CHECK(broken.empty(), broken);
  for (const lectio::Block& block : parsed.blocks) {
    if (!block.table) continue;
    for (const lectio::TableCell& cell : block.table->cells) {
      LECTIO_CHECK(cell.row + cell.row_span <= block.table->rows &&
                       cell.column + cell.column_span <= block.table->columns,
                   cell.text);
    }
  }
  const lectio::PlainText plain = lectio::plain_text(text);
  LECTIO_CHECK(plain.text.size() == plain.source.size(), plain.text);
  static_cast<void>(lectio::parse_python_literal(text));
  static_cast<void>(lectio::parse_geometry(text));
  static_cast<void>(lectio::image_runner_text(text));
  static_cast<void>(lectio::pdf_runner_text({{text, true}, {text, false}}));
  static_cast<void>(lectio::batch_runner_text(text, true));
  return 0;
}
