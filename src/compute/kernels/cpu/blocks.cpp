// SPDX-License-Identifier: Apache-2.0
#include "compute/kernels/cpu/blocks.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "compute/kernels/cpu/work.h"

namespace lectio::kernels::cpu {

Format format_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return Format::kF32;
    case DType::kBF16:
      return Format::kBF16;
    case DType::kF16:
      return Format::kF16;
    case DType::kQ8:
      return Format::kQ8;
    default:
      break;
  }
  LECTIO_CHECK(false, std::string("no weights in ") + dtype_name(dtype));
}

PackedRows pack(const Isa& isa, Context& context, const void* source, DType dtype,
                std::int64_t rows, std::int64_t depth, float* storage) {
  const std::int64_t stride_bytes = row_bytes(dtype, depth);
  const PackRows pack_rows = isa.pack_rows[static_cast<int>(format_of(dtype))];
  const std::int64_t padded_rows = round_up(rows, isa.panel);
  const auto body = [&](std::int64_t begin, std::int64_t end) {  // panels
    for (std::int64_t panel = begin; panel < end; ++panel) {
      const std::int64_t row = panel * isa.panel;
      const auto* const from = static_cast<const std::byte*>(source) + row * stride_bytes;
      for (std::int64_t k = 0; k < depth; k += kDepthBlock) {
        const std::int64_t block = std::min(kDepthBlock, depth - k);
        pack_rows(from, stride_bytes, std::min(isa.panel, rows - row), k, block,
                  storage + k * padded_rows + row * block);
      }
    }
  };
  const double ns = static_cast<double>(padded_rows * depth) / 3;
  share(context, padded_rows / isa.panel, 1, ns, body);
  return {storage, rows, depth, isa.panel};
}

void multiply_tile(const Isa& isa, const float* a, std::int64_t a_stride, std::int64_t rows,
                   const PackedRows& packed, std::int64_t column_begin, std::int64_t columns,
                   const TileOutput& output) {
  const std::int64_t padded_rows = round_up(packed.rows, packed.panel);
  for (std::int64_t k = 0; k < packed.depth; k += kDepthBlock) {
    const std::int64_t block = std::min(kDepthBlock, packed.depth - k);
    isa.multiply({
        .a = a + k,
        .a_stride = a_stride,
        .rows = rows,
        .b = packed.data + k * padded_rows + column_begin * block,
        .b_stride = packed.panel,
        .panel_stride = packed.panel * block,
        .depth = block,
        .columns = columns,
        .c = output.y,
        .c_stride = output.y_stride,
        .accumulate = k > 0,
    });
  }
  isa.finish(output.y, output.y_stride, rows, columns, output.bias, output.finish);
}

}  // namespace lectio::kernels::cpu
