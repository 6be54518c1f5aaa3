// SPDX-License-Identifier: Apache-2.0
#include "train/ocr_net.h"

namespace lectio::train {
namespace {

// 8-bit levels to [-1, 1], rounded to bf16 as the views are (spec 5.1).
torch::Tensor normalise(const torch::Tensor& levels, torch::ScalarType compute_type) {
  const torch::Tensor unit = levels.to(torch::kFloat32) / 255.0;
  const torch::Tensor value = ((unit - 0.5) / 0.5).to(torch::kBFloat16).to(compute_type);
  return levels.dim() == 3 ? value.unsqueeze(1) : value;
}

// Grid rows, each with the newline vector at its end, then the separator (spec 6.3).
torch::Tensor vision_rows(const Parameters& p, const torch::Tensor& tokens, std::int64_t gh,
                          std::int64_t gw) {
  const std::int64_t b = tokens.size(0), width = tokens.size(2);
  const torch::Tensor newline =
      p["model.image_newline"].view({1, 1, 1, width}).expand({b, gh, 1, width});
  const torch::Tensor grid = torch::cat({tokens.view({b, gh, gw, width}), newline}, 2);
  const torch::Tensor separator =
      p["model.view_seperator"].view({1, 1, width}).expand({b, 1, width});
  return torch::cat({grid.reshape({b, gh * (gw + 1), width}), separator}, 1);
}

}  // namespace

void declare_network(Parameters& p, const NetworkSpec& spec, std::int64_t neck_width) {
  declare_encoder(p, spec, neck_width);
  declare_decoder(p, spec);
}

OcrOutput forward(const Parameters& p, const NetworkSpec& spec, const torch::Tensor& pixels,
                  const torch::Tensor& ids) {
  const torch::Tensor& table = p["model.embed_tokens.weight"];
  const torch::Tensor view = normalise(pixels, table.scalar_type());
  const std::int64_t gh = view.size(2) / 64, gw = view.size(3) / 64, b = view.size(0);
  OcrOutput out;
  out.encoder = encode(p, spec, view);
  const torch::Tensor vision = vision_rows(p, out.encoder.tokens, gh, gw);
  out.vision_count = vision.size(1);
  const torch::Tensor bos =
      torch::full({b, 1}, static_cast<std::int64_t>(spec.bos_id), ids.options());
  const torch::Tensor rows =
      torch::cat({torch::embedding(table, bos), vision, torch::embedding(table, ids)}, 1);
  out.decoder = decode(p, spec, rows);
  return out;
}

}  // namespace lectio::train
