// SPDX-License-Identifier: Apache-2.0
#include "model/language/experts.h"

#include <algorithm>
#include <array>
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

// Row choices[i] / k of y += the weight of the choice * row i of rows.
void add_choices(std::span<const std::int32_t> choices, const Routing& routing, TensorView rows,
                 TensorView y) {
  const std::int64_t width = y.columns();
  const std::int64_t k = routing.experts.columns();
  const float* row = rows.f32();
  for (const std::int32_t choice : choices) {
    const float weight = routing.weights.f32()[choice];
    float* const sum = y.f32() + choice / k * width;
    for (std::int64_t i = 0; i < width; ++i) sum[i] += weight * row[i];
    row += width;
  }
}

// One expert on the rows of x that chose it.
void add_expert(const GatedMlp& w, const Run& run, std::span<const std::int32_t> choices,
                const Routing& routing, TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const TensorView rows = scratch.make({std::ssize(choices), x.columns()});
  gather_choices(choices, routing.experts.columns(), x, rows);
  forward(w, run, rows, rows);
  add_choices(choices, routing, rows, y);
}

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
  add_choices(sorted.choices, routing, outputs, y);
}

void add_routed(const std::vector<GatedMlp>& experts, const Run& run, const Routing& routing,
                TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const ByExpert sorted = sort_by_expert(chosen_of(routing), std::ssize(experts), scratch);
  for (std::size_t e = 0; e < experts.size(); ++e) {
    const auto begin = static_cast<std::size_t>(sorted.begins[e]);
    const auto end = static_cast<std::size_t>(sorted.begins[e + 1]);
    if (begin == end) continue;
    add_expert(experts[e], run, sorted.choices.subspan(begin, end - begin), routing, x, y);
  }
}

}  // namespace lectio
