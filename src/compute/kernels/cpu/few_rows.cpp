// SPDX-License-Identifier: Apache-2.0
// Products of few rows, several at a time: every weight is read once, where it lies. The rows that
// weights in a block format meet are rounded to 16 bits first, once for all products that share
// them.
#include <array>
#include <string>

#include "base/check.h"
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/work.h"

namespace lectio::kernels::cpu {
namespace {

constexpr std::size_t kJobsAtATime = 32;
constexpr std::int64_t kOutsAtATime = 16;  // a line of y, and whole groups of the inner loops
// Weights of a task: long enough to read ahead, short enough that threads end together.
constexpr std::int64_t kSmallestTaskBytes = 16 << 10;
constexpr std::int64_t kLargestTaskBytes = 128 << 10;

// Null for floats.
const CodeKernels* codes_of(const Isa& isa, DType dtype) {
  const auto found = [&](CodeFormat format) { return &isa.codes[static_cast<int>(format)]; };
  switch (dtype) {
    case DType::kQ8:
      return found(CodeFormat::kQ8);
    case DType::kQ4:
      return found(CodeFormat::kQ4);
    case DType::kQ5:
      return found(CodeFormat::kQ5);
    case DType::kQ5Min:
      return found(CodeFormat::kQ5Min);
    case DType::kQ4K:
      return found(CodeFormat::kQ4K);
    case DType::kQ5K:
      return found(CodeFormat::kQ5K);
    case DType::kQ6K:
      return found(CodeFormat::kQ6K);
    default:
      return nullptr;
  }
}

// One matrix of a job and the rows that it meets, as its loop wants them.
struct Side {
  TensorView weight;
  const CodeKernels* codes = nullptr;  // null: x are floats
  const void* x = nullptr;
  std::int64_t x_stride_bytes = 0;
  const float* x_scales = nullptr;

  std::int64_t in() const { return weight.columns(); }
  std::int64_t row_bytes() const { return lectio::row_bytes(weight.dtype, in()); }
  const std::byte* row(std::int64_t index) const {
    return static_cast<const std::byte*>(weight.data) + index * row_bytes();
  }
};

struct Prepared {
  FewRowsJob job;
  Side side, gate;
  std::int64_t outs_a_task = 0;
  std::int64_t first_task = 0;

  bool is_gated() const { return !job.gate.empty(); }
  std::int64_t n() const { return job.x.rows(); }
  std::int64_t out() const { return job.y.columns(); }
  std::int64_t out_bytes() const { return side.row_bytes() + (is_gated() ? gate.row_bytes() : 0); }
  double ns() const {
    const double numbers = static_cast<double>(out() * side.in() * (is_gated() ? 2 : 1));
    return static_cast<double>(out() * out_bytes()) / kBytesPerNs +
           numbers * static_cast<double>(n()) / kMultiplyAddsPerNs;
  }
};

void check(const FewRowsJob& job) {
  const std::int64_t in = job.x.columns();
  const TensorView weight = job.weight;
  LECTIO_CHECK(weight.shape == (Shape{job.y.columns(), in}),
               weight.shape.to_string() + " for " + job.y.shape.to_string());
  LECTIO_CHECK(job.x.rows() == job.y.rows(), job.x.shape.to_string());
  LECTIO_CHECK(is_weight_format(weight.dtype) && in % block_length(weight.dtype) == 0,
               weight.shape.to_string() + " in " + dtype_name(weight.dtype));
  LECTIO_CHECK(
      job.gate.empty() || (job.gate.shape == weight.shape && is_weight_format(job.gate.dtype) &&
                           in % block_length(job.gate.dtype) == 0),
      job.gate.shape.to_string() + " in " + dtype_name(job.gate.dtype));
}

// The jobs of one go.
class Group {
 public:
  Group(const Isa& isa, Context& context, std::span<const FewRowsJob> jobs)
      : isa_(isa),
        context_(context),
        scope_(context.scratch) {
    for (const FewRowsJob& job : jobs) {
      check(job);
      if (job.x.rows() > 0 && job.y.columns() > 0) prepare(job);
    }
    cut_into_tasks();
  }

  void run() {
    if (count_ == 0) return;
    std::int64_t floats = 0;
    double ns = 0;
    for (std::size_t j = 0; j < count_; ++j) {
      floats = std::max(floats, gate_floats(jobs_[j]));
      ns += jobs_[j].ns();
    }
    floats = round_up(floats, 16);
    float* const memory = scope_.make({slots(context_), std::max<std::int64_t>(floats, 1)}).f32();
    const auto body = [&](std::int64_t slot, std::int64_t task) {
      std::size_t j = count_ - 1;
      while (jobs_[j].first_task > task) --j;
      run_task(jobs_[j], task - jobs_[j].first_task, memory + slot * floats);
    };
    share_tasks(context_, tasks_, ns, body);
  }

 private:
  static std::int64_t gate_floats(const Prepared& job) {
    return job.is_gated() ? job.n() * job.outs_a_task : 0;
  }

  void prepare(const FewRowsJob& job) {
    Prepared& prepared = jobs_[count_];
    prepared.job = job;
    prepared.side = side_of(job.x, job.weight);
    ++count_;  // so that the gate finds the rows that its weight has had rounded
    if (!job.gate.empty()) prepared.gate = side_of(job.x, job.gate);
  }

  Side side_of(TensorView x, TensorView weight) {
    Side side{.weight = weight,
              .codes = codes_of(isa_, weight.dtype),
              .x = x.f32(),
              .x_stride_bytes = row_bytes(DType::kF32, x.columns())};
    if (side.codes == nullptr) return side;
    for (std::size_t j = 0; j < count_; ++j) {
      const Side& other = jobs_[j].side;
      if (jobs_[j].job.x.data == x.data && jobs_[j].n() == x.rows() && other.in() == side.in() &&
          other.codes == side.codes) {
        side.x = other.x;
        side.x_stride_bytes = other.x_stride_bytes;
        side.x_scales = other.x_scales;
        return side;
      }
    }
    round(x, side);
    return side;
  }

  void round(TensorView x, Side& side) {
    const std::int64_t steps = divide_up(side.in(), side.codes->step);
    side.x_stride_bytes = steps * side.codes->step_bytes;
    auto* const codes =
        static_cast<std::byte*>(scope_.make({x.rows(), side.x_stride_bytes}, DType::kU8).data);
    float* const scales = scope_.make({x.rows()}).f32();
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      scales[r] =
          side.codes->quantize(x.f32() + r * side.in(), side.in(), codes + r * side.x_stride_bytes);
    }
    side.x = codes;
    side.x_scales = scales;
  }

  void cut_into_tasks() {
    std::int64_t bytes = 0;
    for (std::size_t j = 0; j < count_; ++j) bytes += jobs_[j].out() * jobs_[j].out_bytes();
    const std::int64_t wanted =
        std::clamp(bytes / (8 * slots(context_)), kSmallestTaskBytes, kLargestTaskBytes);
    for (std::size_t j = 0; j < count_; ++j) {
      Prepared& job = jobs_[j];
      job.outs_a_task = round_up(divide_up(wanted, job.out_bytes()), kOutsAtATime);
      job.outs_a_task = std::min(job.outs_a_task, round_up(job.out(), kOutsAtATime));
      job.first_task = tasks_;
      tasks_ += divide_up(job.out(), job.outs_a_task);
    }
  }

  // y[n, count] of the outs from `begin` on.
  void multiply(const Side& side, std::int64_t n, std::int64_t begin, std::int64_t count, float* y,
                std::int64_t y_stride) const {
    if (side.codes != nullptr) {
      side.codes->multiply({.x = side.x,
                            .x_stride_bytes = side.x_stride_bytes,
                            .x_scales = side.x_scales,
                            .n = n,
                            .weight = side.row(begin),
                            .weight_stride_bytes = side.row_bytes(),
                            .weight_row_bytes = side.row_bytes(),
                            .outs = count,
                            .depth = side.in(),
                            .y = y,
                            .y_stride = y_stride});
    } else {
      const Format format = format_of(side.weight.dtype);
      isa_.few_rows[static_cast<int>(format)]({.x = static_cast<const float*>(side.x),
                                               .x_stride = side.in(),
                                               .n = n,
                                               .weight = side.row(begin),
                                               .weight_stride_bytes = side.row_bytes(),
                                               .outs = count,
                                               .depth = side.in(),
                                               .y = y,
                                               .y_stride = y_stride});
    }
  }

  void run_task(const Prepared& job, std::int64_t task, float* memory) const {
    const std::int64_t begin = task * job.outs_a_task;
    const std::int64_t count = std::min(job.outs_a_task, job.out() - begin);
    float* const y = job.job.y.f32() + begin;
    multiply(job.side, job.n(), begin, count, y, job.out());
    if (job.is_gated()) {
      multiply(job.gate, job.n(), begin, count, memory, count);
      for (std::int64_t r = 0; r < job.n(); ++r) {
        float* const row = y + r * job.out();
        isa_.silu_mul(memory + r * count, row, count, row);
      }
    }
    const float* const bias = job.job.bias == nullptr ? nullptr : job.job.bias + begin;
    isa_.finish(y, job.out(), job.n(), count, bias, job.job.finish);
  }

  const Isa& isa_;
  Context& context_;
  ScratchScope scope_;
  std::array<Prepared, kJobsAtATime> jobs_;
  std::size_t count_ = 0;
  std::int64_t tasks_ = 0;
};

}  // namespace

void multiply_few_rows(const Isa& isa, Context& context, std::span<const FewRowsJob> jobs) {
  for (; !jobs.empty(); jobs = jobs.subspan(std::min(jobs.size(), kJobsAtATime))) {
    Group(isa, context, jobs.first(std::min(jobs.size(), kJobsAtATime))).run();
  }
}

void linear_group(const Isa& isa, Context& context, std::span<const LinearJob> jobs) {
  std::array<FewRowsJob, kJobsAtATime> some;
  for (; !jobs.empty(); jobs = jobs.subspan(std::min(jobs.size(), kJobsAtATime))) {
    const std::size_t count = std::min(jobs.size(), kJobsAtATime);
    for (std::size_t j = 0; j < count; ++j) {
      some[j] = {.x = jobs[j].x, .weight = jobs[j].weight, .gate = jobs[j].gate, .y = jobs[j].y};
    }
    multiply_few_rows(isa, context, std::span(some).first(count));
  }
}

}  // namespace lectio::kernels::cpu
