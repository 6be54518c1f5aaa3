// SPDX-License-Identifier: Apache-2.0
// The table of one instruction set.
#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/parts.h"
#include "compute/kernels/cpu/vector.h"

#define LECTIO_NAME_OF(x) #x
#define LECTIO_NAME(x) LECTIO_NAME_OF(x)

namespace lectio::kernels::LECTIO_ISA {

const Isa kIsa = {
    .name = LECTIO_NAME(LECTIO_ISA),
    .panel = kPanel,
    .tile_rows = kTileRows,
    .multiply = multiply,
    .pack_rows = kPackRows,
    .few_rows = kFewRows,
    .convert = kConvert,
    .codes = kCodeKernels,
    .code_tiles = &kCodeTiles,
    .finish = finish,
    .position_bias = position_bias,
    .attend_cached = kAttendCached,
    .attend_codes = attend_codes,
    .narrow_f16 = narrow_f16,
    .narrow_i8 = narrow_i8,
    .widen_i8 = widen_i8,
    .softmax_step = softmax_step,
    .scale_rows = scale_rows,
    .layer_norm = layer_norm,
    .rms_norm = rms_norm,
    .softmax = softmax,
    .add = add_numbers,
    .silu_mul = silu_mul,
    .rotate = rotate,
};

}  // namespace lectio::kernels::LECTIO_ISA
