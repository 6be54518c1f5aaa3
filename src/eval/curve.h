// SPDX-License-Identifier: Apache-2.0
// The compression curve: how well text is read back as more and more of it stands on one page, and
// so in one vision token (paper 4.1; the densities are those of pixels per character).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/metrics.h"
#include "eval/pages_suite.h"
#include "media/plot/plot.h"

namespace lectio {

// The pages of one density and kind of text.
struct CurveRow {
  std::string text;              // "natural" or "random"
  double wanted_area = 0;        // square pixels a character that were asked for
  std::vector<PageScore> pages;  // with text_tokens in the curve's tokenizer
};

struct Curve {
  std::string model;
  std::string tokenizer;  // that text tokens are counted with
  std::vector<CurveRow> rows;
};

// What a row says in total: ratios of sums, means over pages.
struct CurvePoint {
  double pixels_per_character = 0;
  double characters_per_token = 0;   // per content token
  double text_tokens_per_token = 0;  // the compression ratio
  double precision = 0;
  Interval bounds;  // 95 %
  double median = 0;
  WordScore words;
};
CurvePoint point_of(const CurveRow& row);

std::string to_markdown(const Curve& curve);
std::string to_json(const Curve& curve);
// Precision against characters, and against text tokens, per vision token; a line a kind of text.
std::vector<Chart> charts_of(const Curve& curve);

}  // namespace lectio
