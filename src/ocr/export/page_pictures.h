// SPDX-License-Identifier: Apache-2.0
// Pages of a document that are pictures: with its blocks drawn on it, with its text invisible on
// it.
#pragma once

#include <string>

#include "media/image/image.h"
#include "media/pdf/pdf_writer.h"
#include "ocr/document/document.h"

namespace lectio {

// The page with every block's boxes outlined and tinted in the colour of its kind, its words' boxes
// in thin lines, and its label above it. image is the page's, of its size.
Image draw_overlay(const DocumentPage& page, const Image& image);

// The page for a PDF: points by the page's resolution, 72 dots an inch where that is not known.
PdfPage pdf_page(const DocumentPage& page, std::string jpeg);

}  // namespace lectio
