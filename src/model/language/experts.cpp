// SPDX-License-Identifier: Apache-2.0
#include "model/language/experts.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <span>

namespace lectio {
namespace {

// The choices (token * k + place) sorted by expert: those of expert e are at [begins[e], begins[e +
// 1]).
struct ByExpert {
  std::span<std::int32_t> begins;   // [experts + 1]
  std::span<std::int32_t> choices;  // [n * k]
};

ByExpert sort_by_expert(std::span<const std::int32_t> chosen, std::int64_t experts,
                        ScratchScope& scratch) {
  const ByExpert sorted{make_array<std::int32_t>(scratch, experts + 1),
                        make_array<std::int32_t>(scratch, std::ssize(chosen))};
  const std::span<std::int32_t> next =
      make_array<std::int32_t>(scratch, experts + 1);  // the free place of each expert
  for (const std::int32_t expert : chosen) ++next[static_cast<std::size_t>(expert) + 1];
  for (std::size_t e = 1; e < next.size(); ++e) next[e] += next[e - 1];
  std::ranges::copy(next, sorted.begins.begin());
  for (std::size_t choice = 0; choice < chosen.size(); ++choice) {
    const auto place = static_cast<std::size_t>(next[static_cast<std::size_t>(chosen[choice])]++);
    sorted.choices[place] = static_cast<std::int32_t>(choice);
  }
  return sorted;
}

Routing make_routing(ScratchScope& scratch, const DecoderSpec& spec, std::int64_t rows) {
  return {.scores = scratch.make({rows, spec.experts}),
          .experts = scratch.make({rows, spec.experts_per_token}, DType::kI32),
          .weights = scratch.make({rows, spec.experts_per_token})};
}

void show(const Run& run, std::int64_t layer, const Routing& routing) {
  run.stages.show("router", layer, ".scores", routing.scores);
  run.stages.show("router", layer, ".experts", routing.experts);
  run.stages.show("router", layer, ".weights", routing.weights);
}

std::span<const std::int32_t> chosen_of(const Routing& routing) {
  return {static_cast<const std::int32_t*>(routing.experts.data),
          static_cast<std::size_t>(routing.experts.shape.elements())};
}

// Row i of `to` is row choices[i] / k of `from`.
void gather_choices(std::span<const std::int32_t> choices, std::int64_t k, TensorView from,
                    TensorView to) {
  const std::int64_t width = from.columns();
  float* next = to.f32();
  for (const std::int32_t choice : choices) {
    next = std::copy_n(from.f32() + choice / k * width, width, next);
  }
}

// Row choices[i] / k of y += the weight of the choice * row i of rows, for rows [begin, end) of y.
void add_choices(std::span<const std::int32_t> choices, const Routing& routing, TensorView rows,
                 std::int64_t begin, std::int64_t end, TensorView y) {
  const std::int64_t width = y.columns();
  const std::int64_t k = routing.experts.columns();
  const float* row = rows.f32();
  for (const std::int32_t choice : choices) {
    const std::int64_t token = choice / k;
    if (token >= begin && token < end) {
      const float weight = routing.weights.f32()[choice];
      float* const sum = y.f32() + token * width;
      for (std::int64_t i = 0; i < width; ++i) sum[i] += weight * row[i];
    }
    row += width;
  }
}

// ---- Many rows: experts beside each other -------------------------------------------------------

// Rows that a thread takes at a time. Fewer leave more of the time to unpacking the weights, more
// leave threads without work at the end. Not by the number of threads: rows stay together for any.
constexpr std::int64_t kRowsOfAPiece = 128;
// Rows of all experts whose results are held before they are added up, a thread: 10 MB of
// DeepSeek-OCR for two threads.
constexpr std::int64_t kRowsAThread = 1024;
// What a product has of several threads when they share its columns: their number times this.
constexpr double kShareOfSplitProducts = 0.9;

// One expert on some of the rows that chose it: choices [begin, begin + count).
struct Piece {
  std::size_t expert;
  std::int64_t begin;
  std::int64_t count;
};

// The work of experts [first, last), the largest pieces in front.
std::span<const Piece> cut_into_pieces(const ByExpert& sorted, std::size_t first, std::size_t last,
                                       ScratchScope& scratch) {
  const auto rows = [&](std::size_t e) {
    return std::int64_t{sorted.begins[e + 1]} - sorted.begins[e];
  };
  const auto parts = [](std::int64_t count) { return (count + kRowsOfAPiece - 1) / kRowsOfAPiece; };
  std::int64_t most = 0;
  for (std::size_t e = first; e < last; ++e) most += parts(rows(e));
  const std::span<Piece> pieces = make_array<Piece>(scratch, most);
  std::size_t next = 0;
  for (std::size_t e = first; e < last; ++e) {
    // As equal as they come: the few rows of a remainder would be multiplied in another way.
    const std::int64_t count = parts(rows(e));
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t begin = rows(e) * i / count;
      pieces[next++] = {e, sorted.begins[e] + begin, rows(e) * (i + 1) / count - begin};
    }
  }
  std::ranges::sort(pieces, [](const Piece& a, const Piece& b) {
    return a.count != b.count ? a.count > b.count : a.begin < b.begin;
  });
  return pieces;
}

// Whether threads that take one piece after the other end sooner than all of them at each piece.
bool fill_threads(std::span<const Piece> pieces, std::int64_t threads, ScratchScope& scratch) {
  if (threads == 1) return false;
  const std::span<std::int64_t> busy = make_array<std::int64_t>(scratch, threads);
  std::int64_t all = 0;
  for (const Piece& piece : pieces) {
    *std::ranges::min_element(busy) += piece.count;
    all += piece.count;
  }
  const auto last = static_cast<double>(*std::ranges::max_element(busy));
  return last * kShareOfSplitProducts <= static_cast<double>(all) / static_cast<double>(threads);
}

// The experts that run together, and where their results go: row i - begin of outputs is choice i.
class ExpertGroup {
 public:
  ExpertGroup(const std::vector<GatedMlp>& experts, const Run& run, const Routing& routing,
              const ByExpert& sorted, TensorView x)
      : experts_(experts),
        run_(run),
        routing_(routing),
        sorted_(sorted),
        x_(x) {}

  // y += sum of weight * expert(x) over experts [first, last), in their order.
  void add(std::size_t first, std::size_t last, TensorView y) const {
    ThreadPool& pool = run_.context.pool;
    ScratchScope scratch(run_.context.scratch);
    const std::int64_t begin = sorted_.begins[first];
    const std::int64_t count = sorted_.begins[last] - begin;
    if (count == 0) return;
    const TensorView outputs = scratch.make({count, x_.columns()});
    const std::span<const Piece> pieces = cut_into_pieces(sorted_, first, last, scratch);
    if (fill_threads(pieces, pool.threads(), scratch)) {
      share(pieces, begin, outputs);
    } else {
      for (const Piece& piece : pieces) multiply(piece, begin, run_, outputs);
    }
    const auto choices =
        sorted_.choices.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count));
    pool.parallel_for(y.rows(), kFewestRowsToAdd, [&](std::int64_t from, std::int64_t to) {
      add_choices(choices, routing_, outputs, from, to, y);
    });
  }

 private:
  static constexpr std::int64_t kFewestRowsToAdd = 64;

  void multiply(const Piece& piece, std::int64_t begin, const Run& run, TensorView outputs) const {
    ScratchScope scratch(run.context.scratch);
    const TensorView rows = scratch.make({piece.count, x_.columns()});
    gather_choices(sorted_.choices.subspan(static_cast<std::size_t>(piece.begin),
                                           static_cast<std::size_t>(piece.count)),
                   routing_.experts.columns(), x_, rows);
    forward(experts_[piece.expert], run, rows, outputs.row_range(piece.begin - begin, piece.count));
  }

  // Each thread takes the next piece when it is done with one, and works on it alone.
  void share(std::span<const Piece> pieces, std::int64_t begin, TensorView outputs) const {
    ThreadPool& pool = run_.context.pool;
    const auto lanes = run_.context.scratch.lanes(pool.threads());
    ThreadPool alone(1);
    std::atomic<std::size_t> next{0};
    pool.parallel_for(std::ssize(lanes), 1, [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t lane = from; lane < to; ++lane) {
        kernels::Context context{alone, *lanes[static_cast<std::size_t>(lane)]};
        const Run run{run_.ops, context, run_.stages};
        const auto take = [&] { return next.fetch_add(1, std::memory_order_relaxed); };
        for (std::size_t i = take(); i < pieces.size(); i = take()) {
          multiply(pieces[i], begin, run, outputs);
        }
      }
    });
  }

  const std::vector<GatedMlp>& experts_;
  const Run& run_;
  const Routing& routing_;
  const ByExpert& sorted_;
  TensorView x_;
};

}  // namespace

MixtureOfExperts MixtureOfExperts::bind(Binder& binder, const std::string& name,
                                        const DecoderSpec& spec) {
  MixtureOfExperts moe{.gate = binder.floats(name + ".gate.weight", {spec.experts, spec.width}),
                       .experts = {},
                       .shared = GatedMlp::bind(binder, name + ".shared_experts", spec.width,
                                                spec.shared_experts * spec.expert_hidden)};
  for (std::int64_t i = 0; i < spec.experts; ++i) {
    moe.experts.push_back(GatedMlp::bind(binder, name + ".experts." + std::to_string(i), spec.width,
                                         spec.expert_hidden));
  }
  return moe;
}

void forward(const MixtureOfExperts& w, const DecoderSpec& spec, const Run& run, std::int64_t layer,
             TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const Routing routing = make_routing(scratch, spec, x.rows());
  route(w.gate.view(), run, x, routing);
  show(run, layer, routing);
  forward(w.shared, run, x, y);
  add_routed(w.experts, run, routing, x, y);
}

// Three times over the threads: what every row needs, what the chosen experts have inside, and what
// leads out of all of them.
void step(const MixtureOfExperts& w, const DecoderSpec& spec, const Run& run, std::int64_t layer,
          TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const Routing routing = make_routing(scratch, spec, x.rows());
  const TensorView shared = scratch.make({x.rows(), w.shared.gate.shape[0]});
  const std::array<kernels::LinearJob, 2> first = {{
      {.x = x, .weight = w.gate.view(), .gate = {}, .y = routing.scores},
      {.x = x, .weight = w.shared.up, .gate = w.shared.gate, .y = shared},
  }};
  run.ops.linear_group(run.context, first);
  route_by_products(run, routing);
  show(run, layer, routing);

  const ByExpert sorted = sort_by_expert(chosen_of(routing), spec.experts, scratch);
  const std::int64_t choices = std::ssize(sorted.choices);
  const TensorView inputs = scratch.make({choices, spec.width});
  const TensorView hidden = scratch.make({choices, spec.expert_hidden});
  const TensorView outputs = scratch.make({choices, spec.width});
  gather_choices(sorted.choices, spec.experts_per_token, x, inputs);
  // Enough for every expert, and the shared one.
  const std::int64_t most = std::min(choices, spec.experts) + 1;
  const auto inside = make_array<kernels::LinearJob>(scratch, most);
  const auto outside = make_array<kernels::LinearJob>(scratch, most);
  std::size_t count = 0;
  for (std::size_t e = 0; e < w.experts.size(); ++e) {
    const std::int64_t begin = sorted.begins[e];
    const std::int64_t rows = sorted.begins[e + 1] - begin;
    if (rows == 0) continue;
    const GatedMlp& expert = w.experts[e];
    const TensorView middle = hidden.row_range(begin, rows);
    inside[count] = {
        .x = inputs.row_range(begin, rows), .weight = expert.up, .gate = expert.gate, .y = middle};
    outside[count] = {
        .x = middle, .weight = expert.down, .gate = {}, .y = outputs.row_range(begin, rows)};
    ++count;
  }
  outside[count] = {.x = shared, .weight = w.shared.down, .gate = {}, .y = y};
  run.ops.linear_group(run.context, inside.first(count));
  run.ops.linear_group(run.context, outside.first(count + 1));
  add_choices(sorted.choices, routing, outputs, 0, y.rows(), y);
}

void add_routed(const std::vector<GatedMlp>& experts, const Run& run, const Routing& routing,
                TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const ByExpert sorted = sort_by_expert(chosen_of(routing), std::ssize(experts), scratch);
  const ExpertGroup group(experts, run, routing, sorted, x);
  const std::int64_t most = kRowsAThread * run.context.pool.threads();
  for (std::size_t first = 0; first < experts.size();) {
    std::size_t last = first + 1;
    while (last < experts.size() && sorted.begins[last + 1] - sorted.begins[first] <= most) ++last;
    group.add(first, last, y);
    first = last;
  }
}

}  // namespace lectio
