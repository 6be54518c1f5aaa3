// SPDX-License-Identifier: Apache-2.0
// Products of a group of four warps with tiles of Rows, each warp with 16 rows of the left side, by
// one of two kinds of matrix units, chosen by the architecture that is compiled for:
//
//   sm_90a: PTX ISA wgmma.mma_async: the units read shared memory themselves. A product runs on
//     after the call; finish_products waits.
//   others: mma.m16n8k16, one warp at a time; finish_products does nothing.
//
// Either way accumulators are acc[j][4]: rows lane / 4 and (elements 2, 3) lane / 4 + 8 of the
// warp's 16, columns 8 j + 2 (lane % 4) and the next one. Tiles that a product reads begin at
// 1,024 bytes, rows at multiples of 8.
#pragma once

#include <cstdint>

#include "compute/cuda/mma.cuh"

#ifdef __CUDA_ARCH_FEAT_SM90_ALL
#define LECTIO_CUDA_WGMMA 1
#endif

namespace lectio::cuda {

inline constexpr int kTileAlignment = 1024;

// The warp's 16 rows of a left side of 64 columns, in registers.
struct LeftRows {
  Fragment k[4];

  __device__ LeftRows(const Rows& from, int row) {
#pragma unroll
    for (int i = 0; i < 4; ++i) k[i] = from.left(row, i);
  }
};

#ifdef LECTIO_CUDA_WGMMA
namespace wgmma {

// Of a tile of Rows, whose exchange of pieces is the units' own (128 bytes): eight rows are 1,024
// bytes, and so is the way to the next eight, along either side.
__device__ inline std::uint64_t descriptor(const Rows& rows, int row) {
  constexpr std::uint64_t kExchange128 = std::uint64_t{1} << 62;
  constexpr std::uint64_t kStep = 1024 >> 4;
  const std::uint64_t address = (shared_address(rows.base) + row * Rows::kBytes) & 0x3FFFF;
  return kExchange128 | kStep << 32 | kStep << 16 | address >> 4;
}
constexpr std::uint64_t kColumns16 = 32 >> 4;              // in a descriptor: 16 columns on
constexpr std::uint64_t kRows16 = 16 * Rows::kBytes >> 4;  // 16 rows on

__device__ inline void fence() { asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory"); }
__device__ inline void commit() { asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory"); }
__device__ inline void wait() { asm volatile("wgmma.wait_group.sync.aligned 0;\n" ::: "memory"); }
// Nothing that reads or writes these is moved across.
template <int kTiles>
__device__ inline void hold(float (&acc)[kTiles][4]) {
#pragma unroll
  for (int j = 0; j < kTiles; ++j) {
    asm volatile("" : "+f"(acc[j][0]), "+f"(acc[j][1]), "+f"(acc[j][2]), "+f"(acc[j][3])::"memory");
  }
}

#define LECTIO_ACC4(c, j) "+f"(c[j][0]), "+f"(c[j][1]), "+f"(c[j][2]), "+f"(c[j][3])
#define LECTIO_ACC16(c, j) \
  LECTIO_ACC4(c, j), LECTIO_ACC4(c, j + 1), LECTIO_ACC4(c, j + 2), LECTIO_ACC4(c, j + 3)

// c = or += a b^T, 16 columns of a and b; b has as many rows as c has columns.
__device__ inline void issue(float (&c)[6][4], const Fragment& a, std::uint64_t b, int add) {
  asm volatile(
      "{\n.reg .pred p;\nsetp.ne.b32 p, %29, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n48k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, "
      "%12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23}, "
      "{%24, %25, %26, %27}, %28, p, 1, 1, 0;\n}\n"
      : LECTIO_ACC16(c, 0), LECTIO_ACC4(c, 4), LECTIO_ACC4(c, 5)
      : "r"(a.r[0]), "r"(a.r[1]), "r"(a.r[2]), "r"(a.r[3]), "l"(b), "r"(add));
}
// The same and, with kByColumns, c = or += a b, 16 rows of b, of which the 64 columns are those of
// c.
template <bool kByColumns = false>
__device__ inline void issue(float (&c)[8][4], const Fragment& a, std::uint64_t b, int add) {
  asm volatile(
      "{\n.reg .pred p;\nsetp.ne.b32 p, %37, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, "
      "%12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "
      "%24, %25, %26, %27, %28, %29, %30, %31}, "
      "{%32, %33, %34, %35}, %36, p, 1, 1, %38;\n}\n"
      : LECTIO_ACC16(c, 0), LECTIO_ACC16(c, 4)
      : "r"(a.r[0]), "r"(a.r[1]), "r"(a.r[2]), "r"(a.r[3]), "l"(b), "r"(add),
        "n"(kByColumns ? 1 : 0));
}
__device__ inline void issue(float (&c)[10][4], const Fragment& a, std::uint64_t b, int add) {
  asm volatile(
      "{\n.reg .pred p;\nsetp.ne.b32 p, %45, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n80k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, "
      "%12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "
      "%24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, "
      "%36, %37, %38, %39}, "
      "{%40, %41, %42, %43}, %44, p, 1, 1, 0;\n}\n"
      : LECTIO_ACC16(c, 0), LECTIO_ACC16(c, 4), LECTIO_ACC4(c, 8), LECTIO_ACC4(c, 9)
      : "r"(a.r[0]), "r"(a.r[1]), "r"(a.r[2]), "r"(a.r[3]), "l"(b), "r"(add));
}
// The same with a in shared memory.
__device__ inline void issue(float (&c)[4][4], std::uint64_t a, std::uint64_t b, int add) {
  asm volatile(
      "{\n.reg .pred p;\nsetp.ne.b32 p, %18, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, "
      "%12, %13, %14, %15}, "
      "%16, %17, p, 1, 1, 0, 0;\n}\n"
      : LECTIO_ACC16(c, 0)
      : "l"(a), "l"(b), "r"(add));
}

#undef LECTIO_ACC16
#undef LECTIO_ACC4

}  // namespace wgmma
#endif

// Behind wait_copies, in front of __syncthreads: what was copied can be seen by the units.
__device__ inline void show_copies() {
#ifdef LECTIO_CUDA_WGMMA
  asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory");
#endif
}

// acc = left right[row, row + 8 kTiles)^T, over 64 columns.
template <int kTiles>
__device__ inline void multiply_by_rows(float (&acc)[kTiles][4], const LeftRows& left,
                                        const Rows& right, int row) {
#ifdef LECTIO_CUDA_WGMMA
  const std::uint64_t b = wgmma::descriptor(right, row);
  wgmma::hold(acc);
  wgmma::fence();
#pragma unroll
  for (int k = 0; k < 4; ++k) wgmma::issue(acc, left.k[k], b + k * wgmma::kColumns16, k);
  wgmma::commit();
#else
#pragma unroll
  for (int j = 0; j < kTiles; ++j) acc[j][0] = acc[j][1] = acc[j][2] = acc[j][3] = 0;
#pragma unroll
  for (int k = 0; k < 4; ++k) {
#pragma unroll
    for (int n = 0; n < kTiles / 2; ++n) {
      multiply_pair(acc, n, left.k[k], right.right_by_rows(row + 16 * n, k));
    }
  }
#endif
}

// The same with a left side in shared memory: the group's 64 rows from left_row on.
template <int kTiles>
__device__ inline void multiply_by_rows(float (&acc)[kTiles][4], const Rows& left, int left_row,
                                        const Rows& right, int row) {
#ifdef LECTIO_CUDA_WGMMA
  const std::uint64_t a = wgmma::descriptor(left, left_row), b = wgmma::descriptor(right, row);
  wgmma::hold(acc);
  wgmma::fence();
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    wgmma::issue(acc, a + k * wgmma::kColumns16, b + k * wgmma::kColumns16, k);
  }
  wgmma::commit();
#else
  const int warp_row = left_row + static_cast<int>(threadIdx.x / 32 % 4) * 16;
  multiply_by_rows(acc, LeftRows(left, warp_row), right, row);
#endif
}

// acc += left right[row, row + 8 kTiles), left's columns the accumulators of another product.
template <int kTiles>
__device__ inline void multiply_by_columns(float (&acc)[8][4], const float (&left)[kTiles][4],
                                           const Rows& right, int row) {
  Fragment a[kTiles / 2];
#pragma unroll
  for (int k = 0; k < kTiles / 2; ++k) a[k] = as_left_operand(left[2 * k], left[2 * k + 1]);
#ifdef LECTIO_CUDA_WGMMA
  const std::uint64_t b = wgmma::descriptor(right, row);
  wgmma::hold(acc);
  wgmma::fence();
#pragma unroll
  for (int k = 0; k < kTiles / 2; ++k) wgmma::issue<true>(acc, a[k], b + k * wgmma::kRows16, 1);
  wgmma::commit();
#else
#pragma unroll
  for (int k = 0; k < kTiles / 2; ++k) {
#pragma unroll
    for (int n = 0; n < 4; ++n) {
      multiply_pair(acc, n, a[k], right.right_by_columns(row + 16 * k, n));
    }
  }
#endif
}

// The accumulators of all products so far, which must be among `acc`, are there.
template <typename... Accumulators>
__device__ inline void finish_products(Accumulators&... acc) {
#ifdef LECTIO_CUDA_WGMMA
  wgmma::wait();
  (wgmma::hold(acc), ...);
#else
  (static_cast<void>(acc), ...);
#endif
}

}  // namespace lectio::cuda
