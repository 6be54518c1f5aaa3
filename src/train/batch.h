// SPDX-License-Identifier: Apache-2.0
// Pages become tensors: pictures, token ids, and where each character stands.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "datagen/documents/document.h"
#include "datagen/prints/print.h"
#include "model/tokenizer/tokenizer.h"
#include "train/recipe.h"
#include "train/teaching.h"

namespace lectio::train {

// Cells of 8 (high) x 4 (wide) pixels carry the character that covers them: 0 none, 1..94 printable
// ASCII from '!', 95 any other character.
inline constexpr std::int64_t kCellHeight = 8;
inline constexpr std::int64_t kCellWidth = 4;
inline constexpr std::int64_t kCellClasses = 96;

struct Batch {
  std::int64_t level = 0;
  bool natural = true;
  std::int64_t tile_side = 0;  // pixels; 0 without tiles
  torch::Tensor grey;          // u8 [B, H, W]: the global view
  torch::Tensor cells;         // u8 [B, H / 8, W / 4]
  torch::Tensor sheet;         // u8 [B, rows * tile_side, columns * tile_side]: the tiles as one
                               // picture; undefined without tiles
  torch::Tensor sheet_cells;   // u8, as cells
  torch::Tensor ids;           // i64 [B, T]: prompt after the image, then the answer
  torch::Tensor targets;       // i64 [B, T]: the next token, kIgnore inside the prompt, after
                               // the end and where a spoiled prefix leaves nothing to ask
  torch::Tensor guessed;       // bool [B, T]: ids that the network's own guesses take the place of
                               // (ocr_net.h); undefined where there are none
  torch::Tensor slots;         // i64 [B, T]: place among the vision slots that shows the next
                               // token's first character or its coordinate's corner (slots.h)

  // Calls change(tensor) for every tensor that is there.
  template <typename Change>
  void for_each_tensor(Change&& change) {
    for (torch::Tensor* t :
         {&grey, &cells, &sheet, &sheet_cells, &ids, &targets, &guessed, &slots}) {
      if (t->defined()) change(*t);
    }
  }
};

// What turns prints into batches; immutable.
struct BatchMaker {
  const PrintFactory& prints;
  const documents::DocumentFactory& document_prints;
  const Tokenizer& tokenizer;
  // Ids between the image and what is to be read.
  std::vector<TokenId> text_prompt, markdown_prompt;
  TokenId eos = 1;

  // A pure function of its arguments, except for the cache of glyph pictures. All pages of a batch
  // have the same grid of tiles, texts of about the same length and the same prompt.
  Batch make(const Level& level, std::int64_t level_index, bool natural, std::uint64_t seed,
             GlyphCache& cache) const;
};

}  // namespace lectio::train
