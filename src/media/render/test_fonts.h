// SPDX-License-Identifier: Apache-2.0
// The fonts that tests and benchmarks draw with: those of Debian's fonts-dejavu-core.
#pragma once

#include <stdexcept>
#include <string>

#include "media/render/fonts.h"

namespace lectio {

inline FontRef test_font(const std::string& name) {
  Result<FontRef> font = Font::open("/usr/share/fonts/truetype/dejavu/" + name + ".ttf");
  if (!font) throw std::runtime_error(font.error().message() + " (install fonts-dejavu-core)");
  return *font;
}
inline FontRef sans() { return test_font("DejaVuSans"); }
inline FontRef mono() { return test_font("DejaVuSansMono"); }

}  // namespace lectio
