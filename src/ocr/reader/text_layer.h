// SPDX-License-Identifier: Apache-2.0
// Pages whose text a document has itself: taken from there where it can be answered for, without
// the model.
#pragma once

#include "base/result.h"
#include "ocr/reader/careful.h"

namespace lectio {

enum class TextLayerUse {
  kIgnore,  // every page is read
  kPrefer,  // a page whose layer is good is not read
  kOnly,    // no page is read; one without a layer is skipped, unless it is blank
};

// A layer is good where the page is no scan (somebody else's reading of it may be any good), where
// its letters are as many as the page's ink promises, where its words lie over the ink, and where
// hardly any of its characters are none (private use, U+FFFD, controls). The verdict is of the
// layer: attempts is empty, Evidence::text_layer is set.
Result<PageReading> read_with_layer(const Page& page, const InkReport& ink, TextLayerUse use,
                                    const CarefulOptions& options, const AskModel& ask);

}  // namespace lectio
