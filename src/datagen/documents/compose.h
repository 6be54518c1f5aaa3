// SPDX-License-Identifier: Apache-2.0
// The order of pieces on a page, by genre.
#pragma once

#include "base/splitmix.h"
#include "datagen/corpus/corpus.h"
#include "datagen/documents/setting.h"
#include "datagen/documents/sheet.h"

namespace lectio::documents {

// Sets a page of this setting on the sheet: running header, text, footnotes, footer.
void compose(const Setting& setting, const Corpus& corpus, Corpus::Split split, Random& random,
             Sheet& sheet);

}  // namespace lectio::documents
