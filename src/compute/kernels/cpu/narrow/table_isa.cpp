// SPDX-License-Identifier: Apache-2.0
#include "compute/kernels/cpu/narrow/narrow.h"
#include "compute/kernels/cpu/narrow/parts.h"

namespace lectio::kernels::avx512bf16 {

const Narrow kNarrow = {
    .multiply_pairs = multiply_pairs,
    .multiply_bytes = multiply_bytes,
    .pack_pairs = kPackPairs,
    .pack_bytes = pack_bytes,
    .finish = finish,
    .round = round_numbers,
    .quantise = quantise,
    .quantise_bf16 = quantise_bf16,
    .attend = attend,
    .place_bias = place_bias,
    .pack_keys = pack_keys,
    .pack_values = pack_values,
};

}  // namespace lectio::kernels::avx512bf16
