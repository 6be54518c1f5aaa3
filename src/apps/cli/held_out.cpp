// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/held_out.h"

#include <memory>
#include <utility>
#include <vector>

namespace lectio::cli {

Result<PrintFactory> open_held_out(const std::filesystem::path& corpus,
                                   const std::filesystem::path& fonts) {
  LECTIO_TRY(Corpus opened, Corpus::open(corpus));
  LECTIO_TRY(std::vector<FontRef> faces, open_fonts(fonts));
  return PrintFactory::create(std::move(faces), std::make_shared<const Corpus>(std::move(opened)),
                              Corpus::Split::kHeldOut);
}

}  // namespace lectio::cli
