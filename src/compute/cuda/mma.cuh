// SPDX-License-Identifier: Apache-2.0
// The instructions of the matrix units that the kernels here share (PTX ISA: mma.m16n8k16,
// ldmatrix, cp.async), and tiles of 64 bf16 a row in shared memory, their 16-byte pieces exchanged
// so that eight rows of one column lie in different banks. Products of four warps with such tiles
// are in products.cuh.
#pragma once

#include <cuda_bf16.h>

#include <cstdint>

namespace lectio::cuda {

using Bf16 = __nv_bfloat16;

__device__ inline std::uint32_t shared_address(const void* p) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(p));
}

// 16 bytes to shared memory; zeros where !valid.
__device__ inline void copy_async(void* to, const void* from, bool valid) {
  const int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared_address(to)),
               "l"(from), "r"(bytes));
}
__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;\n"); }
template <int kPending>
__device__ inline void wait_copies() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(kPending));
}

struct Fragment {
  std::uint32_t r[4];
};

__device__ inline Fragment load_matrices(const void* p) {
  Fragment f;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(f.r[0]), "=r"(f.r[1]), "=r"(f.r[2]), "=r"(f.r[3])
               : "r"(shared_address(p)));
  return f;
}
__device__ inline Fragment load_matrices_transposed(const void* p) {
  Fragment f;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(f.r[0]), "=r"(f.r[1]), "=r"(f.r[2]), "=r"(f.r[3])
               : "r"(shared_address(p)));
  return f;
}

// c [16 x 8] += a [16 x 16] b [16 x 8].
__device__ inline void multiply(float (&c)[4], const Fragment& a, std::uint32_t b0,
                                std::uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};\n"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a.r[0]), "r"(a.r[1]), "r"(a.r[2]), "r"(a.r[3]), "r"(b0), "r"(b1));
}

// c[2 n] and c[2 n + 1] += a times the two operands of b.
template <int kTiles>
__device__ inline void multiply_pair(float (&c)[kTiles][4], int n, const Fragment& a,
                                     const Fragment& b) {
  multiply(c[2 * n], a, b.r[0], b.r[1]);
  multiply(c[2 * n + 1], a, b.r[2], b.r[3]);
}

__device__ inline std::uint32_t pack(float low, float high) {
  const __nv_bfloat162 both = __floats2bfloat162_rn(low, high);
  return reinterpret_cast<const std::uint32_t&>(both);
}

// Accumulators of two neighbouring 16 x 8 tiles as the left operand of a product over their
// columns.
__device__ inline Fragment as_left_operand(const float (&first)[4], const float (&second)[4]) {
  return {{pack(first[0], first[1]), pack(first[2], first[3]), pack(second[0], second[1]),
           pack(second[2], second[3])}};
}

// Rows of 64 bf16 in shared memory.
struct Rows {
  static constexpr int kBytes = 128;
  unsigned char* base;

  __device__ unsigned char* piece(int row, int piece16) const {
    return base + row * kBytes + ((piece16 ^ (row & 7)) << 4);
  }
  // Rows [row, row + 16) x columns [16 k, 16 k + 16) as a left operand.
  __device__ Fragment left(int row, int k) const {
    const int lane = threadIdx.x & 31;
    return load_matrices(piece(row + (lane & 15), 2 * k + (lane >> 4)));
  }
  // Two right operands (r[0..1], r[2..3]) whose columns are the rows [row, row + 8) and [row + 8,
  // row + 16), summed over the columns [16 k, 16 k + 16).
  __device__ Fragment right_by_rows(int row, int k) const {
    const int lane = threadIdx.x & 31;
    return load_matrices(piece(row + (lane & 7) + ((lane >> 4) << 3), 2 * k + ((lane >> 3) & 1)));
  }
  // Two right operands whose columns are [16 n, 16 n + 8) and [16 n + 8, 16 n + 16), summed over
  // the rows [row, row + 16).
  __device__ Fragment right_by_columns(int row, int n) const {
    const int lane = threadIdx.x & 31;
    return load_matrices_transposed(piece(row + (lane & 15), 2 * n + (lane >> 4)));
  }
};

}  // namespace lectio::cuda
