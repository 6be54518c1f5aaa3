// SPDX-License-Identifier: Apache-2.0
#include "train/ocr_net.h"

#include <cmath>

namespace lectio::train {
namespace {

// 8-bit levels to [-1, 1], rounded to bf16 as the views are (spec 5.1).
torch::Tensor normalise(const torch::Tensor& levels, torch::ScalarType compute_type) {
  const torch::Tensor unit = levels.to(torch::kFloat32) / 255.0;
  const torch::Tensor value = ((unit - 0.5) / 0.5).to(torch::kBFloat16).to(compute_type);
  return levels.dim() == 3 ? value.unsqueeze(1) : value;
}

// [B, h, w, width]: rows of features, each with the newline vector at its end (spec 6.3) -> [B, h *
// (w + 1), width].
torch::Tensor with_newlines(const Parameters& p, const torch::Tensor& grid) {
  const std::int64_t b = grid.size(0), h = grid.size(1), width = grid.size(3);
  const torch::Tensor newline =
      p["model.image_newline"].view({1, 1, 1, width}).expand({b, h, 1, width});
  return torch::cat({grid, newline}, 2).flatten(1, 2);
}

// Features of tiles [B * rows * columns, s * s, width] as one picture [B, rows * s, columns * s,
// width].
torch::Tensor stitch(const torch::Tensor& tokens, std::int64_t b, std::int64_t rows,
                     std::int64_t columns) {
  const auto s = static_cast<std::int64_t>(std::llround(std::sqrt(tokens.size(1))));
  return tokens.view({b, rows, columns, s, s, tokens.size(2)})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({b, rows * s, columns * s, tokens.size(2)});
}

}  // namespace

void declare_network(Parameters& p, const NetworkSpec& spec, std::int64_t neck_width) {
  declare_encoder(p, spec, neck_width);
  declare_decoder(p, spec);
}

torch::Tensor cut_tiles(const torch::Tensor& sheet, std::int64_t side_h, std::int64_t side_w) {
  const std::int64_t rows = sheet.size(-2) / side_h, columns = sheet.size(-1) / side_w;
  if (sheet.dim() == 3) {
    return sheet.view({sheet.size(0), rows, side_h, columns, side_w})
        .permute({0, 1, 3, 2, 4})
        .reshape({sheet.size(0) * rows * columns, side_h, side_w});
  }
  return sheet.view({sheet.size(0), sheet.size(1), rows, side_h, columns, side_w})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({sheet.size(0) * rows * columns, sheet.size(1), side_h, side_w});
}

SeenPages see(const Parameters& p, const NetworkSpec& spec, const Pictures& pictures) {
  const torch::Tensor& table = p["model.embed_tokens.weight"];
  const std::int64_t b = pictures.global.size(0), width = table.size(1);
  SeenPages out;
  std::vector<torch::Tensor> vision;
  if (pictures.sheet.defined()) {
    const std::int64_t side = pictures.tile_side;
    out.tiles =
        encode(p, spec, normalise(cut_tiles(pictures.sheet, side, side), table.scalar_type()));
    vision.push_back(with_newlines(p, stitch(out.tiles.tokens, b, pictures.sheet.size(-2) / side,
                                             pictures.sheet.size(-1) / side)));
  }
  const torch::Tensor view = normalise(pictures.global, table.scalar_type());
  const std::int64_t gh = view.size(2) / 64, gw = view.size(3) / 64;
  out.global = encode(p, spec, view);
  vision.push_back(with_newlines(p, out.global.tokens.view({b, gh, gw, width})));
  vision.push_back(p["model.view_seperator"].view({1, 1, width}).expand({b, 1, width}));

  const torch::Tensor bos = torch::full({b, 1}, static_cast<std::int64_t>(spec.bos_id),
                                        table.options().dtype(torch::kInt64));
  std::vector<torch::Tensor> rows = {torch::embedding(table, bos)};
  for (const torch::Tensor& part : vision) {
    out.vision_count += part.size(1);
    rows.push_back(part);
  }
  out.rows = torch::cat(rows, 1);
  return out;
}

DecoderOutput decode_text(const Parameters& p, const NetworkSpec& spec, const SeenPages& seen,
                          const torch::Tensor& ids) {
  const torch::Tensor text = torch::embedding(p["model.embed_tokens.weight"], ids);
  return decode(p, spec, torch::cat({seen.rows, text}, 1));
}

torch::Tensor with_guesses(const Parameters& p, const NetworkSpec& spec, const SeenPages& seen,
                           const torch::Tensor& ids, const torch::Tensor& guessed,
                           std::int64_t passes) {
  torch::NoGradGuard no_grad;
  const torch::Tensor first = ids.slice(1, 0, 1), others = ids.slice(1, 1);
  torch::Tensor mixed = ids;
  for (std::int64_t pass = 0; pass < passes; ++pass) {
    const torch::Tensor hidden = seen.text_part(decode_text(p, spec, seen, mixed).hidden);
    const torch::Tensor guess = logits(p, hidden.slice(1, 0, -1)).argmax(-1);
    const torch::Tensor taken =
        guessed.slice(1, 1).logical_and(guess.ne(static_cast<std::int64_t>(spec.eos_id)));
    mixed = torch::cat({first, torch::where(taken, guess, others)}, 1);
  }
  return mixed;
}

}  // namespace lectio::train
