// SPDX-License-Identifier: Apache-2.0
// How far rounding may carry a stage from the goldens. docs/proof.md derives the bounds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "compute/kernels/kernels.h"
#include "compute/tensor/dtype.h"
#include "model/spec/network_spec.h"
#include "proof/golden_file.h"
#include "proof/report.h"

namespace lectio::proof {

// Root mean squares of roundings, relative to what is rounded.
struct Precision {
  double weights = 0;
  double operands = 0;  // what a kernel rounds on the other side of its products
  double cache = 0;     // keys and values of the decoder

  bool exact() const { return weights == 0 && operands == 0 && cache == 0; }
};

// Of a network whose matrices have this format, on these kernels, with keys and values in `cache`.
// The goldens' weights are bf16 numbers: F32, BF16 and F16 hold them without rounding.
Precision precision_of(const kernels::Table& ops, DType format, DType cache = DType::kF32);

// Matrix products that a number of the stage has gone through, one after the other.
std::int64_t products_before(std::string_view stage, const NetworkSpec& spec);

struct Bound {
  Measure measure = Measure::kMax;
  double tolerance = 0;
};

// Tiny and full-size goldens have their own bounds for exact arithmetic; everything else goes by
// products_before.
Bound bound_of(std::string_view stage, const NetworkSpec& spec, const Precision& precision,
               bool full_size);

// The stage under its bound.
StageCheck check_of(std::string stage, const StageError& error, const Bound& bound);

}  // namespace lectio::proof
