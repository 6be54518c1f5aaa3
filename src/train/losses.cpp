// SPDX-License-Identifier: Apache-2.0
#include "train/losses.h"

#include <algorithm>
#include <cmath>

#include "train/layers.h"

namespace lectio::train {
namespace {

constexpr double kEmptyCellWeight = 0.15;
// Each costs a decoder's forward pass. The second makes the guesses follow from each other, so that
// a misread word is followed by what the network takes to come after it.
constexpr std::int64_t kGuessingPasses = 2;
constexpr std::int64_t kTokenHeadHidden = 384;
constexpr std::int64_t kPatchRows = 16 / kCellHeight, kPatchColumns = 16 / kCellWidth;
constexpr std::int64_t kTokenRows = 64 / kCellHeight, kTokenColumns = 64 / kCellWidth;

torch::Tensor cell_loss(const torch::Tensor& scores, const torch::Tensor& labels) {
  torch::Tensor weight = torch::ones({kCellClasses}, scores.options());
  weight[0] = kEmptyCellWeight;
  return torch::nn::functional::cross_entropy(
      scores.reshape({-1, kCellClasses}), labels.reshape({-1}),
      torch::nn::functional::CrossEntropyFuncOptions().weight(weight));
}

// cells [B, rows, columns] regrouped so that each of the gh x gw units has its own cells together.
torch::Tensor group_cells(const torch::Tensor& cells, std::int64_t unit_rows,
                          std::int64_t unit_columns) {
  const std::int64_t b = cells.size(0), gh = cells.size(1) / unit_rows,
                     gw = cells.size(2) / unit_columns;
  return cells.view({b, gh, unit_rows, gw, unit_columns})
      .permute({0, 1, 3, 2, 4})
      .to(torch::kInt64);
}

struct CellLosses {
  torch::Tensor patches, tokens;  // means over cells
};

// cells [n, h, w] of the first n pictures that `seen` was encoded from.
CellLosses cell_losses(const Parameters& p, const EncoderOutput& seen, const torch::Tensor& cells) {
  const std::int64_t count = cells.size(0);
  const torch::Tensor tokens = seen.tokens.slice(0, 0, count);
  const torch::Tensor patches = seen.patches.slice(0, 0, count);
  const torch::Tensor hidden = torch::gelu(linear(p, "train.token_cells.fc1", tokens, true));
  return {cell_loss(linear(p, "train.patch_cells", patches, true),
                    group_cells(cells, kPatchRows, kPatchColumns)),
          cell_loss(linear(p, "train.token_cells.fc2", hidden, true),
                    group_cells(cells, kTokenRows, kTokenColumns))};
}

torch::Tensor align_loss(const SeenPages& seen, const DecoderOutput& out, const Batch& batch,
                         double scale) {
  const torch::Tensor q = seen.text_part(out.align_q);
  const torch::Tensor k = out.align_k.narrow(1, seen.vision_begin, seen.vision_count);
  const torch::Tensor scores = torch::matmul(q, k.transpose(1, 2)).to(torch::kFloat32) * scale;
  return torch::nn::functional::cross_entropy(
      scores.reshape({-1, seen.vision_count}), batch.slots.reshape({-1}),
      torch::nn::functional::CrossEntropyFuncOptions().ignore_index(kIgnore));
}

}  // namespace

void declare_cell_heads(Parameters& p, const NetworkSpec& spec) {
  const auto fan_in = [](std::int64_t n) { return 1.0 / std::sqrt(static_cast<double>(n)); };
  declare_linear(p, "train.patch_cells", kPatchRows * kPatchColumns * kCellClasses, spec.sam.width,
                 true, fan_in(spec.sam.width), false);
  declare_linear(p, "train.token_cells.fc1", kTokenHeadHidden, spec.decoder.width, true,
                 fan_in(spec.decoder.width), false);
  declare_linear(p, "train.token_cells.fc2", kTokenRows * kTokenColumns * kCellClasses,
                 kTokenHeadHidden, true, fan_in(kTokenHeadHidden), false);
}

LossTerms compute_losses(const Parameters& p, const NetworkSpec& spec, const Batch& batch,
                         const LossWeights& weights) {
  const SeenPages seen = see(p, spec, {batch.grey, batch.sheet, batch.tile_side});
  const torch::Tensor ids = batch.guessed.defined() ? with_guesses(p, spec, seen, batch.ids,
                                                                   batch.guessed, kGuessingPasses)
                                                    : batch.ids;
  const DecoderOutput out = decode_text(p, spec, seen, ids);
  LossTerms terms;
  const torch::Tensor scores = logits(p, seen.text_part(out.hidden)).to(torch::kFloat32);
  terms.text = torch::nn::functional::cross_entropy(
      scores.reshape({-1, scores.size(-1)}), batch.targets.reshape({-1}),
      torch::nn::functional::CrossEntropyFuncOptions().ignore_index(kIgnore));
  {
    torch::NoGradGuard no_grad;
    terms.correct = scores.argmax(-1).eq(batch.targets).sum().to(torch::kFloat32);
    terms.counted = batch.targets.ne(kIgnore).sum().to(torch::kFloat32);
  }
  terms.balance = out.balance_loss;
  terms.expert_shares = out.expert_shares;
  terms.total = terms.text + weights.balance * terms.balance;
  if (weights.align > 0) {
    terms.align =
        align_loss(seen, out, batch, 1.0 / std::sqrt(static_cast<double>(spec.decoder.head_dim())));
    terms.total = terms.total + weights.align * terms.align;
  }
  if (weights.cells > 0) {
    const std::int64_t pages = std::max<std::int64_t>(
        1, std::llround(weights.cell_share * static_cast<double>(batch.grey.size(0))));
    const CellLosses global = cell_losses(p, seen.global, batch.cells.slice(0, 0, pages));
    terms.patch_cells = global.patches;
    terms.token_cells = global.tokens;
    if (batch.sheet.defined()) {
      const torch::Tensor cells =
          cut_tiles(batch.sheet_cells.slice(0, 0, pages), batch.tile_side / kCellHeight,
                    batch.tile_side / kCellWidth);
      const CellLosses tiles = cell_losses(p, seen.tiles, cells);
      terms.patch_cells = 0.5 * (terms.patch_cells + tiles.patches);
      terms.token_cells = 0.5 * (terms.token_cells + tiles.tokens);
    }
    terms.total =
        terms.total + weights.cells * (terms.patch_cells + terms.token_cells).to(torch::kFloat32);
  }
  return terms;
}

}  // namespace lectio::train
