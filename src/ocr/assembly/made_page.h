// SPDX-License-Identifier: Apache-2.0
// A page of a document with all that its picture was needed for, so that it can be kept and the
// picture need not be made again.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ocr/assembly/assemble.h"

namespace lectio {

// What no format asks for is empty. A plain value.
struct MadePage {
  struct RunnerPicture {
    std::size_t number = 0;  // of boxes labelled image on the page, those without a picture too
    std::string jpeg;
  };

  DocumentPage page;
  std::vector<std::string> figures;  // files, in the order of figures_of
  std::vector<RunnerPicture> runner_pictures;
  std::string layout_png;
  std::string jpeg;  // of the whole page
};

// What cannot be made of the page's text again: the places of its words, and the files.
std::string to_bytes(const MadePage& made);
// What is to be parsed of bytes that to_bytes gave; empty for others, damaged ones included.
std::optional<std::string> made_page_body(std::string_view bytes);
// The page that to_bytes was given, with the same text and options; frame.dpi is filled in. Takes
// any body: kInvalidInput for others.
Result<MadePage> parse_made_page(std::string_view body, PageFrame frame, const PageText& text,
                                 const AssemblyOptions& options);

}  // namespace lectio
