// SPDX-License-Identifier: Apache-2.0
// Every table over the shapes that the networks use, on one core and on all. Products report
// GFLOP/s and the share of what oneDNN makes of a large square on as many cores (of_peak), in F32,
// BF16 or 8 bits as the table rounds; products with few rows, and attention over a cache, report
// GB/s of what they read and the share of a plain read of memory (of_stream). Both yardsticks are
// measured in the same run. On one core everything is timed by the CPU's clock of that thread, so
// that a busy machine disturbs less.
//
//   lectio_kernels_bench --benchmark_filter='linear/.*/avx512/one'
#include <benchmark/benchmark.h>
#include <omp.h>
#include <dnnl.hpp>

#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/splitmix.h"
#include "compute/kernels/kernels.h"

namespace lectio::kernels {
namespace {

constexpr DType kTypes[] = {DType::kF32, DType::kBF16, DType::kF16, DType::kQ8};
// Weights of one row products add up to so much, so that they come from memory as in a whole
// network.
constexpr std::int64_t kRotationBytes = std::int64_t{256} << 20;

enum class Cores { kOne, kAll };

struct Workbench {
  explicit Workbench(Cores cores) : pool(cores == Cores::kOne ? 1 : 0) {}
  ThreadPool pool;
  Arena scratch;
  Context context{pool, scratch};
};

double seconds_now(Cores cores) {
  timespec now{};
  clock_gettime(cores == Cores::kOne ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double best_seconds(Cores cores, const std::function<void()>& work) {
  double best = HUGE_VAL;
  for (int i = 0; i < 6; ++i) {
    const double begin = seconds_now(cores);
    work();
    best = std::min(best, seconds_now(cores) - begin);
  }
  return best;
}

// oneDNN's product of two squares, by the format of the left one.
double measure_peak_gflops(Cores cores, DType operand) {
  constexpr dnnl::memory::dim kSide = 2048;
  using Type = dnnl::memory::data_type;
  using Tag = dnnl::memory::format_tag;
  omp_set_num_threads(cores == Cores::kOne ? 1 : Workbench(cores).pool.threads());
  const Type left =
      operand == DType::kF32 ? Type::f32 : (operand == DType::kBF16 ? Type::bf16 : Type::u8);
  const Type right = operand == DType::kQ8 ? Type::s8 : left;
  const Type result = operand == DType::kQ8 ? Type::s32 : Type::f32;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const dnnl::memory::desc a({kSide, kSide}, left, Tag::ab);
  const dnnl::memory::desc b({kSide, kSide}, right, Tag::any);
  const dnnl::memory::desc c({kSide, kSide}, result, Tag::ab);
  const dnnl::matmul::primitive_desc desc(dnnl::matmul::desc(a, b, c), engine);
  const dnnl::matmul product(desc);
  dnnl::memory a_memory(a, engine);
  dnnl::memory b_memory(desc.weights_desc(), engine);
  dnnl::memory c_memory(c, engine);
  std::memset(a_memory.get_data_handle(), 0, a.get_size());
  std::memset(b_memory.get_data_handle(), 0, desc.weights_desc().get_size());
  dnnl::stream stream(engine);
  const double seconds = best_seconds(cores, [&] {
    product.execute(
        stream, {{DNNL_ARG_SRC, a_memory}, {DNNL_ARG_WEIGHTS, b_memory}, {DNNL_ARG_DST, c_memory}});
    stream.wait();
  });
  return 2e-9 * std::pow(static_cast<double>(kSide), 3) / seconds;
}

double measure_stream_gb(Cores cores) {
  Workbench bench(cores);
  const std::vector<std::uint64_t> numbers(kRotationBytes / 8, 1);
  const double seconds = best_seconds(cores, [&] {
    bench.pool.parallel_for(kRotationBytes / 8, 4096, [&](std::int64_t begin, std::int64_t end) {
      benchmark::DoNotOptimize(
          std::accumulate(numbers.begin() + begin, numbers.begin() + end, std::uint64_t{0}));
    });
  });
  return 1e-9 * static_cast<double>(kRotationBytes) / seconds;
}

double peak_gflops(Cores cores, DType operand) {
  static std::map<std::pair<Cores, DType>, double> peaks;
  const auto [found, is_new] = peaks.try_emplace({cores, operand}, 0.0);
  if (is_new) found->second = measure_peak_gflops(cores, operand);
  return found->second;
}

double stream_gb(Cores cores) {
  static const double streams[] = {measure_stream_gb(Cores::kOne), measure_stream_gb(Cores::kAll)};
  return streams[static_cast<int>(cores)];
}

void report(benchmark::State& state, const char* unit, const char* share, double amount,
            double yardstick) {
  const double total = amount * static_cast<double>(state.iterations());
  state.counters[unit] = benchmark::Counter(total, benchmark::Counter::kIsRate);
  state.counters[share] = benchmark::Counter(total / yardstick, benchmark::Counter::kIsRate);
}

void report_work(benchmark::State& state, Cores cores, DType operand, double multiply_adds) {
  report(state, "GFLOP/s", "of_peak", 2e-9 * multiply_adds, peak_gflops(cores, operand));
}

void report_bytes(benchmark::State& state, Cores cores, std::int64_t bytes) {
  report(state, "GB/s", "of_stream", 1e-9 * static_cast<double>(bytes), stream_gb(cores));
}

// Any bits are weights; small scales keep the products finite.
Tensor make_weights(Shape shape, DType dtype) {
  Tensor tensor(shape, dtype);
  Random random(7);
  auto* const bytes = static_cast<std::uint8_t*>(tensor.view().data);
  const std::int64_t size = tensor.view().bytes();
  if (dtype == DType::kF32) {
    for (float& x : tensor.floats()) x = static_cast<float>(random.uniform(-1, 1));
  } else if (is_block_format(dtype)) {
    for (std::int64_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37);
    const std::uint16_t factor = float_to_half(0.01F);
    const bool two = dtype == DType::kQ5Min || dtype == DType::kQ4K || dtype == DType::kQ5K;
    for (std::int64_t i = dtype == DType::kQ6K ? 208 : 0; i < size; i += block_bytes(dtype)) {
      std::memcpy(bytes + i, &factor, 2);
      if (two) std::memcpy(bytes + i + 2, &factor, 2);
    }
  } else {
    LECTIO_CHECK(dtype == DType::kBF16 || dtype == DType::kF16, dtype_name(dtype));
    const auto* const patterns = dtype == DType::kBF16 ? "\x80\x3f\x40\xbe" : "\x00\x3c\x00\xb8";
    for (std::int64_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(patterns[i % 4]);
  }
  return tensor;
}

struct Linear {
  std::int64_t n, in, out;
  DType dtype;
};

void run_linear(benchmark::State& state, const Table& table, Cores cores, const Linear& shape) {
  Workbench bench(cores);
  const DType kept = shape.n < 8 ? DType::kF32 : activation_type(table, shape.dtype);
  const Tensor x = make_weights({shape.n, shape.in}, kept);
  Tensor y({shape.n, shape.out}, kept);
  const std::int64_t bytes = shape.out * row_bytes(shape.dtype, shape.in);
  const std::int64_t copies = shape.n > 16 ? 1 : std::max<std::int64_t>(1, kRotationBytes / bytes);
  const Tensor weights = make_weights({copies, shape.out, shape.in}, shape.dtype);
  std::int64_t copy = 0;
  for (auto _ : state) {
    const TensorView weight{static_cast<std::byte*>(weights.view().data) + copy * bytes,
                            shape.dtype,
                            {shape.out, shape.in}};
    table.linear(bench.context, x.view(), weight, {}, Activation::kNone, y.view());
    benchmark::DoNotOptimize(y.view().data);
    copy = (copy + 1) % copies;
  }
  if (shape.n > 4) {
    report_work(state, cores, shape.n < 8 ? DType::kF32 : table.operand(shape.dtype),
                static_cast<double>(shape.n * shape.in * shape.out));
  } else {
    report_bytes(state, cores, bytes);
  }
}

struct Attention {
  const char* name;
  std::int64_t batch, queries, keys, heads, kv_heads, head_dim, side;
  Mask mask;
  std::int64_t grid = 0;

  std::int64_t keys_of_a_query() const { return grid > 0 ? side * side : keys; }
};

void run_attention(benchmark::State& state, const Table& table, Cores cores,
                   const Attention& shape) {
  Workbench bench(cores);
  const std::int64_t width = shape.heads * shape.head_dim;
  const DType kept = activation_type(table, DType::kBF16);
  const Tensor q = make_weights({shape.batch * shape.queries, width}, kept);
  const Tensor kv = make_weights({shape.batch * shape.keys, 2 * width}, kept);
  const Tensor rel =
      make_weights({std::max<std::int64_t>(1, 2 * shape.side - 1), shape.head_dim}, DType::kF32);
  Tensor out({shape.batch * shape.queries, width});
  AttentionArgs args{.q = q.view().data,
                     .k = kv.view().data,
                     .v = static_cast<const std::byte*>(kv.view().data) + row_bytes(kept, width),
                     .dtype = kept};
  args.q_stride = width;
  args.k_stride = args.v_stride = 2 * width;
  args.batch = shape.batch;
  args.queries = shape.queries;
  args.keys = shape.keys;
  args.heads = shape.heads;
  args.kv_heads = shape.kv_heads;
  args.head_dim = shape.head_dim;
  args.scale = 0.125F;
  args.mask = shape.mask;
  args.prefix = shape.keys / 2;
  if (shape.side > 0) {
    args.rel_h = args.rel_w = rel.f32();
    args.side = shape.side;
    args.grid = shape.grid;
  }
  for (auto _ : state) {
    table.attention(bench.context, args, out.view());
    benchmark::DoNotOptimize(out.f32());
  }
  // Masked pairs count too: the share of the peak overstates what is done under a mask.
  report_work(
      state, cores, table.operand(DType::kBF16),
      static_cast<double>(2 * shape.batch * shape.queries * shape.keys_of_a_query() * width));
}

struct Cached {
  const char* name;
  std::int64_t heads, head_dim, positions;
  DType dtype;
  std::int64_t layers;  // one after the other: enough of them come from memory
};

void run_cached(benchmark::State& state, const Table& table, Cores cores, const Cached& shape) {
  Workbench bench(cores);
  const std::int64_t width = shape.heads * shape.head_dim;
  const Tensor rows = make_weights({shape.positions, width}, DType::kF32);
  const Tensor numbers({2, shape.layers, shape.positions, width}, shape.dtype);
  const Tensor scales({2, shape.layers, shape.positions, shape.heads});
  Tensor out({1, width});
  const std::int64_t bytes = row_bytes(shape.dtype, shape.positions * width);
  const auto layer = [&](std::int64_t i) {
    auto* const data = static_cast<std::byte*>(numbers.view().data);
    const std::int64_t heads = shape.positions * shape.heads;
    return CacheView{.keys = data + i * bytes,
                     .values = data + (shape.layers + i) * bytes,
                     .dtype = shape.dtype,
                     .heads = shape.heads,
                     .capacity = shape.positions,
                     .head_dim = shape.head_dim,
                     .key_scales = scales.f32() + i * heads,
                     .value_scales = scales.f32() + (shape.layers + i) * heads};
  };
  for (std::int64_t i = 0; i < shape.layers; ++i) {
    table.store_cached(bench.context, rows.view(), rows.view(), layer(i), 0);
  }
  std::int64_t next = 0;
  for (auto _ : state) {
    const CachedQuery query{
        .q = rows.f32(), .cache = layer(next), .keys = shape.positions, .out = out.f32()};
    table.attend_cached(bench.context, {&query, 1}, 0.125F);
    benchmark::DoNotOptimize(out.f32());
    next = (next + 1) % shape.layers;
  }
  report_bytes(state, cores, 2 * bytes);
}

struct Conv {
  const char* name;
  std::int64_t side, in, out, kernel, stride, pad;
};

void run_conv2d(benchmark::State& state, const Table& table, Cores cores, const Conv& shape) {
  Workbench bench(cores);
  const Tensor x = make_weights({1, shape.side, shape.side, shape.in}, DType::kF32);
  const Tensor weight =
      make_weights({shape.out, shape.in, shape.kernel, shape.kernel}, DType::kBF16);
  const std::int64_t side = (shape.side + 2 * shape.pad - shape.kernel) / shape.stride + 1;
  Tensor y({1, side, side, shape.out});
  for (auto _ : state) {
    table.conv2d(bench.context, x.view(), weight.view(), {}, shape.stride, shape.pad, y.view());
    benchmark::DoNotOptimize(y.f32());
  }
  report_work(
      state, cores, table.operand(DType::kBF16),
      static_cast<double>(side * side * shape.out * shape.in * shape.kernel * shape.kernel));
}

// One operation over [4096, 768]; GB/s counts one read and one write.
using RowOperation = void (*)(const Table&, Context&, TensorView x, TensorView y);

void run_rows(benchmark::State& state, const Table& table, Cores cores, RowOperation operation) {
  Workbench bench(cores);
  const Tensor x = make_weights({4096, 768}, DType::kF32);
  Tensor y(x.shape());
  for (auto _ : state) operation(table, bench.context, x.view(), y.view());
  report_bytes(state, cores, 8 * x.shape().elements());
}

const Linear kLinears[] = {
    // SAM at 1024, full size and a small one at 512
    {4096, 768, 2304, DType::kBF16},
    {4096, 768, 3072, DType::kBF16},
    {4096, 3072, 768, DType::kBF16},
    {4096, 768, 2304, DType::kQ8},
    {4096, 768, 3072, DType::kQ8},
    {4096, 3072, 768, DType::kQ8},
    {1024, 256, 1024, DType::kQ8},
    // CLIP
    {257, 1024, 4096, DType::kBF16},
    {257, 4096, 1024, DType::kBF16},
    // Prefill of the decoder, and the rows of one expert
    {300, 1280, 6848, DType::kBF16},
    {30, 1280, 896, DType::kBF16},
    {300, 384, 1024, DType::kQ8},
    // One token: an expert, the dense layer and the head, full size and small
    {1, 1280, 896, DType::kBF16},
    {1, 1280, 6848, DType::kBF16},
    {1, 6848, 1280, DType::kBF16},
    {1, 1280, 129280, DType::kBF16},
    {1, 1280, 6848, DType::kQ4},
    {1, 1280, 6848, DType::kQ5},
    {1, 1280, 6848, DType::kQ5Min},
    {1, 1280, 6848, DType::kQ4K},
    {1, 1280, 6848, DType::kQ5K},
    {1, 1280, 6848, DType::kQ6K},
    {4, 1280, 6848, DType::kQ4},
    {4, 1280, 6848, DType::kQ5Min},
    {4, 1280, 6848, DType::kQ5K},
    {1, 384, 384, DType::kQ8},
    {1, 384, 1024, DType::kQ8},
    {1, 384, 8192, DType::kQ8},
};

const Attention kAttentions[] = {
    {"sam_global_1024", 1, 4096, 4096, 12, 12, 64, 64, Mask::kFull},
    {"sam_windows_1024", 1, 4096, 4096, 12, 12, 64, 14, Mask::kFull, 64},
    {"small_global_512", 1, 1024, 1024, 4, 4, 64, 32, Mask::kFull},
    {"clip", 1, 257, 257, 16, 16, 64, 0, Mask::kFull},
    {"flow", 1, 512, 512, 14, 2, 64, 0, Mask::kPrefixCausal},
    {"prefill", 1, 1200, 1200, 10, 10, 128, 0, Mask::kCausal},
};

// One token, full size and small
const Cached kCached[] = {
    {"token_F16", 10, 128, 1200, DType::kF16, 40},
    {"token_I8", 10, 128, 1200, DType::kI8, 80},
    {"small_token_F16", 6, 64, 300, DType::kF16, 1},
    {"small_token_I8", 6, 64, 300, DType::kI8, 1},
};

const Conv kConvs[] = {
    {"patches_1024", 1024, 3, 768, 16, 16, 0}, {"neck_1x1", 64, 768, 256, 1, 1, 0},
    {"neck_3x3", 64, 256, 256, 3, 1, 1},       {"net2", 64, 256, 512, 3, 2, 1},
    {"net3", 32, 512, 1024, 3, 2, 1},
};

// Under "<title>/<table>/one" and "<title>/<table>/all".
template <typename Run, typename Subject>
void add(const std::string& title, const Table& table, Run run, const Subject& subject) {
  for (const Cores cores : {Cores::kOne, Cores::kAll}) {
    const std::string name = title + "/" + table.name + (cores == Cores::kOne ? "/one" : "/all");
    const auto body = [=, &table](benchmark::State& state) { run(state, table, cores, subject); };
    auto* const added =
        benchmark::RegisterBenchmark(name.c_str(), body)->Unit(benchmark::kMicrosecond);
    if (cores == Cores::kAll) added->UseRealTime();
  }
}

void add_products(const Table& table) {
  for (const Linear& shape : kLinears) {
    add("linear/" + std::to_string(shape.n) + "x" + std::to_string(shape.in) + "x" +
            std::to_string(shape.out) + "_" + dtype_name(shape.dtype),
        table, run_linear, shape);
  }
  // Where blocks overtake rows: kManyRows of cpu/linear.cpp.
  for (const DType dtype : kTypes) {
    for (const std::int64_t n : {1, 2, 4, 8, 15, 16, 24, 32, 48, 64}) {
      add("linear_crossover/" + std::to_string(n) + "_" + dtype_name(dtype), table, run_linear,
          Linear{n, 1280, 1792, dtype});
    }
  }
  for (const Attention& shape : kAttentions) {
    add(std::string("attention/") + shape.name, table, run_attention, shape);
  }
  for (const Cached& shape : kCached) {
    add(std::string("cached/") + shape.name, table, run_cached, shape);
  }
  for (const Conv& shape : kConvs)
    add(std::string("conv2d/") + shape.name, table, run_conv2d, shape);
}

const std::pair<const char*, RowOperation> kRowOperations[] = {
    {"layer_norm",
     [](const Table& t, Context& c, TensorView x, TensorView y) {
       t.layer_norm(c, x, x.row_range(0, 1), x.row_range(1, 1), 1e-6F, y);
     }},
    {"rms_norm", [](const Table& t, Context& c, TensorView x,
                    TensorView y) { t.rms_norm(c, x, x.row_range(0, 1), 1e-6F, y); }},
    {"softmax", [](const Table& t, Context& c, TensorView x, TensorView y) { t.softmax(c, x, y); }},
    {"add", [](const Table& t, Context& c, TensorView x, TensorView y) { t.add(c, x, x, y); }},
    {"silu_mul",
     [](const Table& t, Context& c, TensorView x, TensorView y) { t.silu_mul(c, x, x, y); }},
    {"rope",
     [](const Table& t, Context& c, TensorView x, TensorView) { t.rope(c, x, 64, 5, 1e4F); }},
};

// benchmark_main runs what is registered before main begins.
const bool kRegistered = [] {
  for (const std::string_view name : available()) {
    if (name == "reference") continue;
    add_products(*by_name(name));
    for (const auto& [title, operation] : kRowOperations) {
      add(std::string("rows/") + title, *by_name(name), run_rows, operation);
    }
  }
  return true;
}();

}  // namespace
}  // namespace lectio::kernels
