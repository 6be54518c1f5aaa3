// SPDX-License-Identifier: Apache-2.0
// What is printed on a page, without reading it: whether there is anything, roughly how many
// characters, and where. A few milliseconds, no model.
#pragma once

#include <cstdint>
#include <vector>

#include "media/image/image.h"
#include "ocr/document/document.h"
#include "ocr/ink/components.h"

namespace lectio {

struct InkReport {
  // White, grey or black all over, noise, dust, stains, the faint print of the other side: there is
  // nothing to read.
  bool blank = false;
  // Of the components, where stains are all that is there: at least a dozen, most of them round and
  // filled, and hardly one beside another of its height as letters are; else 0. They count as no
  // characters.
  std::int64_t stains = 0;
  double coverage = 0;  // ink pixels of all pixels
  // What may be characters, by size, in pixels of the page; in the order of the page's rows.
  std::vector<Component> components;
  // Roughly how many characters these are: touching letters are counted by their width, dots are
  // not counted. Scripts whose characters fall into several parts are counted too high.
  std::int64_t characters = 0;
  // Of these, roughly, what only says again what stands before it (ocr/ink/repetition.h); 0: no
  // more than chance makes.
  std::int64_t repeated_characters = 0;
  std::int64_t marks_in_a_row = 0;    // dots of a leader (ocr/ink/repetition.h)
  std::int64_t horizontal_rules = 0;  // lines longer than a quarter of the page's width, height
  std::int64_t vertical_rules = 0;
  double graphics = 0;  // of the page: what is too large for characters
};

// Ink is what differs from the paper around it by 48 levels of 255, darker or lighter.
InkReport look_at_ink(const Image& image);

struct UnreadInk {
  double share = 0;  // of the ink of all components, what lies outside of every box
  Box region;        // around it; empty where there is none
};
// boxes: what was read, in pixels of the page. A component is read where its centre is in a box, or
// within a hundredth of the page's longer side of one.
UnreadInk unread_ink(const InkReport& ink, const std::vector<Box>& boxes, std::int64_t width,
                     std::int64_t height);

}  // namespace lectio
