// SPDX-License-Identifier: Apache-2.0
// Every operation on memory that ends, or begins, where a page begins that nobody may touch: one
// number too many, read or written, ends the test. Weights lie like that at the end of a file.
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>

#include "compute/kernels/kernels_testing.h"

namespace lectio::kernels {
namespace {

class Bounds : public EveryTable {};
INSTANTIATE_TEST_SUITE_P(Tables, Bounds, testing::ValuesIn(fast_tables()), table_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Bounds);

enum class Edge { kEnd, kBegin };

// A copy of a tensor beside such a page.
class Fenced {
 public:
  Fenced(TensorView original, Edge edge) : view_(original) {
    const std::int64_t page = sysconf(_SC_PAGESIZE);
    const std::int64_t inside = (original.bytes() + page - 1) / page * page;
    size_ = static_cast<std::size_t>(inside + 2 * page);
    memory_ = mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    LECTIO_CHECK(memory_ != MAP_FAILED, "mmap");
    std::byte* const begin = static_cast<std::byte*>(memory_) + page;
    LECTIO_CHECK(mprotect(begin, static_cast<std::size_t>(inside), PROT_READ | PROT_WRITE) == 0,
                 "mprotect");
    view_.data = edge == Edge::kBegin ? begin : begin + inside - original.bytes();
    std::memcpy(view_.data, original.data, static_cast<std::size_t>(original.bytes()));
  }
  ~Fenced() { munmap(memory_, size_); }
  Fenced(const Fenced&) = delete;
  Fenced& operator=(const Fenced&) = delete;

  TensorView view() const { return view_; }

 private:
  TensorView view_;
  void* memory_ = nullptr;
  std::size_t size_ = 0;
};

using Operation = std::function<void(std::span<const TensorView>)>;

Tensor copy_of(TensorView view) {
  Tensor copy(view.shape, view.dtype);
  std::memcpy(copy.view().data, view.data, static_cast<std::size_t>(view.bytes()));
  return copy;
}

// Whether the operation leaves the same bytes in all its tensors when they are fenced.
bool is_same_when_fenced(std::span<const Tensor> tensors, const Operation& run) {
  std::vector<Tensor> plain;
  std::vector<TensorView> plain_views;
  for (const Tensor& tensor : tensors) plain.push_back(copy_of(tensor.view()));
  for (const Tensor& tensor : plain) plain_views.push_back(tensor.view());
  run(plain_views);
  for (const Edge edge : {Edge::kEnd, Edge::kBegin}) {
    std::vector<std::unique_ptr<Fenced>> fenced;
    std::vector<TensorView> views;
    for (const Tensor& tensor : tensors) {
      fenced.push_back(std::make_unique<Fenced>(tensor.view(), edge));
      views.push_back(fenced.back()->view());
    }
    run(views);
    for (std::size_t i = 0; i < views.size(); ++i) {
      const auto bytes = static_cast<std::size_t>(views[i].bytes());
      if (std::memcmp(views[i].data, plain_views[i].data, bytes) != 0) return false;
    }
  }
  return true;
}

Tensor activations(Shape shape, DType dtype, Random& random) {
  const Tensor x = random_tensor(shape, random);
  return dtype == DType::kF32 ? copy_of(x.view()) : rounded(x.view());
}

TEST_P(Bounds, OfProducts) {
  for (const DType dtype : kWeightTypes) {
    const DType kept = activation_type(table(), dtype);
    for (const std::int64_t depth : {1, 15, 18, 40, 650}) {
      const std::int64_t in = whole_blocks(depth, dtype);
      for (const std::int64_t out : {1, 7, 17, 35, 67}) {
        for (const std::int64_t n : {1, 2, 5, 7, 8, 13}) {
          const DType type = n < 8 ? DType::kF32 : kept;
          const Tensor tensors[] = {
              activations({n, in}, type, random), random_weights({out, in}, dtype, random),
              random_tensor({out}, random), activations({n, out}, type, random)};
          for (const Activation activation : {Activation::kGelu, Activation::kAdd}) {
            EXPECT_TRUE(is_same_when_fenced(tensors,
                                            [&](std::span<const TensorView> v) {
                                              table().linear(bench.context, v[0], v[1], v[2],
                                                             activation, v[3]);
                                            }))
                << dtype_name(dtype) << " " << n << " x " << in << " to " << out;
          }
        }
      }
    }
  }
}

TEST_P(Bounds, OfGroupsOfProducts) {
  for (const DType dtype : kWeightTypes) {
    for (const std::int64_t depth : {1, 18, 40}) {
      const std::int64_t in = whole_blocks(depth, dtype);
      for (const std::int64_t out : {1, 17, 35}) {
        for (const std::int64_t n : {1, 3}) {
          const Tensor tensors[] = {
              random_tensor({n, in}, random), random_weights({out, in}, dtype, random),
              random_weights({out, in}, dtype, random), random_tensor({n, out}, random)};
          EXPECT_TRUE(is_same_when_fenced(tensors,
                                          [&](std::span<const TensorView> v) {
                                            const LinearJob job{
                                                .x = v[0], .weight = v[1], .gate = v[2], .y = v[3]};
                                            table().linear_group(bench.context, {&job, 1});
                                          }))
              << dtype_name(dtype) << " " << n << " x " << in << " to " << out;
        }
      }
    }
  }
}

TEST_P(Bounds, OfConvolutions) {
  struct Case {
    std::int64_t side, in, out, kernel, stride, pad;
  };
  for (const Case c : {Case{5, 5, 19, 3, 1, 1}, {7, 17, 33, 3, 2, 1}, {12, 3, 7, 4, 4, 0}}) {
    const std::int64_t side = (c.side + 2 * c.pad - c.kernel) / c.stride + 1;
    for (const DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
      const Tensor tensors[] = {random_tensor({2, c.side, c.side, c.in}, random),
                                random_weights({c.out, c.in, c.kernel, c.kernel}, dtype, random),
                                random_tensor({c.out}, random), Tensor({2, side, side, c.out})};
      EXPECT_TRUE(is_same_when_fenced(tensors,
                                      [&](std::span<const TensorView> v) {
                                        table().conv2d(bench.context, v[0], v[1], v[2], c.stride,
                                                       c.pad, v[3]);
                                      }))
          << dtype_name(dtype) << " " << c.kernel;
    }
  }
}

TEST_P(Bounds, OfOperationsOnRows) {
  for (std::int64_t width = 1; width <= 70; ++width) {
    const Tensor tensors[] = {random_tensor({3, width}, random), random_tensor({width}, random),
                              random_tensor({width}, random), random_tensor({3, width}, random),
                              Tensor({3, width})};
    const auto expect_same = [&](const Operation& run) {
      EXPECT_TRUE(is_same_when_fenced(tensors, run)) << width;
    };
    expect_same([&](std::span<const TensorView> v) {
      table().layer_norm(bench.context, v[0], v[1], v[2], 1e-6F, v[4]);
    });
    expect_same([&](std::span<const TensorView> v) {
      table().rms_norm(bench.context, v[0], v[1], 1e-6F, v[4]);
    });
    expect_same([&](std::span<const TensorView> v) { table().softmax(bench.context, v[0], v[4]); });
    expect_same(
        [&](std::span<const TensorView> v) { table().add(bench.context, v[0], v[3], v[4]); });
    expect_same(
        [&](std::span<const TensorView> v) { table().silu_mul(bench.context, v[0], v[3], v[4]); });
    if (width % 2 != 0) continue;
    expect_same(
        [&](std::span<const TensorView> v) { table().rope(bench.context, v[0], width, 5, 1e4F); });
  }
}

TEST_P(Bounds, OfRowsOfATable) {
  for (const DType dtype : kWeightTypes) {
    for (const std::int64_t width : {1, 7, 17, 40}) {
      const std::int64_t whole = whole_blocks(width, dtype);
      const Tensor tensors[] = {random_weights({3, whole}, dtype, random), Tensor({2, whole})};
      EXPECT_TRUE(is_same_when_fenced(
          tensors,
          [&](std::span<const TensorView> v) {
            table().gather_rows(bench.context, v[0], std::array<std::int32_t, 2>{0, 2}, v[1]);
          }))
          << dtype_name(dtype) << " " << whole;
    }
  }
}

TEST_P(Bounds, OfAttention) {
  struct Case {
    std::int64_t queries, keys, side, grid;
  };
  const DType types[] = {DType::kF32, activation_type(table(), DType::kBF16)};
  for (const Case c : {Case{1, 19, 0, 0},
                       {5, 5, 0, 0},
                       {9, 13, 0, 0},
                       {67, 259, 0, 0},
                       {25, 25, 5, 0},
                       {49, 49, 3, 7}}) {
    for (const std::int64_t dim : {4, 18, 64}) {
      for (const DType type : types) {
        const Tensor tensors[] = {
            activations({c.queries, 2 * dim}, type, random),
            activations({c.keys, 2 * dim}, type, random),
            activations({c.keys, 2 * dim}, type, random),
            random_tensor({std::max<std::int64_t>(2 * c.side - 1, 1), dim}, random),
            random_tensor({std::max<std::int64_t>(2 * c.side - 1, 1), dim}, random),
            random_tensor({2 * dim}, random),
            Tensor({c.queries, 2 * dim}, type)};
        EXPECT_TRUE(is_same_when_fenced(
            tensors,
            [&](std::span<const TensorView> v) {
              AttentionArgs args{.q = v[0].data, .k = v[1].data, .v = v[2].data, .dtype = type};
              args.q_stride = args.k_stride = args.v_stride = 2 * dim;
              args.queries = c.queries;
              args.keys = c.keys;
              args.heads = args.kv_heads = 2;
              args.head_dim = dim;
              args.side = c.side;
              args.grid = c.grid;
              if (c.side > 0) args.rel_h = v[3].f32();
              if (c.side > 0) args.rel_w = v[4].f32();
              if (c.grid > 0) args.pad_k = args.pad_v = v[5].f32();
              table().attention(bench.context, args, v[6]);
            }))
            << c.queries << " queries, " << c.keys << " keys of " << dim << dtype_name(type);
      }
    }
  }
}

TEST_P(Bounds, OfACache) {
  constexpr std::int64_t kHeads = 2;
  constexpr std::int64_t kRows = 9;
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kI8}) {
    for (const std::int64_t dim : {1, 4, 7, 16, 18, 33, 65, 128}) {
      const std::int64_t width = kHeads * dim;
      const Tensor tensors[] = {random_tensor({kRows, width}, random),
                                random_tensor({kRows, width}, random),
                                random_tensor({1, width}, random),
                                Tensor({kHeads, kRows, dim}, dtype),
                                Tensor({kHeads, kRows, dim}, dtype),
                                Tensor({kHeads, kRows}),
                                Tensor({kHeads, kRows}),
                                Tensor({kRows, width}),
                                Tensor({kRows, width}),
                                Tensor({1, width})};
      EXPECT_TRUE(
          is_same_when_fenced(tensors,
                              [&](std::span<const TensorView> v) {
                                const bool scaled = dtype == DType::kI8;
                                const CacheView cache{v[3].data,
                                                      v[4].data,
                                                      dtype,
                                                      kHeads,
                                                      kRows,
                                                      dim,
                                                      scaled ? v[5].f32() : nullptr,
                                                      scaled ? v[6].f32() : nullptr};
                                table().store_cached(bench.context, v[0], v[1], cache, 0);
                                table().load_cached(bench.context, cache, v[7], v[8]);
                                const CachedQuery query{v[2].f32(), cache, kRows, v[9].f32()};
                                table().attend_cached(bench.context, {&query, 1}, 0.5F);
                              }))
          << dtype_name(dtype) << " " << dim;
    }
  }
}

}  // namespace
}  // namespace lectio::kernels
