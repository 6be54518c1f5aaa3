// SPDX-License-Identifier: Apache-2.0
#include "model/language/experts.h"

#include <algorithm>
#include <span>

namespace lectio {
namespace {

// The choices (token * k + place) sorted by expert: those of expert e are at [begins[e], begins[e +
// 1]).
struct ByExpert {
  std::span<std::int32_t> begins;   // [experts + 1]
  std::span<std::int32_t> choices;  // [n * k]
};

std::span<std::int32_t> make_ints(ScratchScope& scratch, std::int64_t count) {
  return {static_cast<std::int32_t*>(scratch.make({count}, DType::kI32).data),
          static_cast<std::size_t>(count)};
}

ByExpert sort_by_expert(std::span<const std::int32_t> chosen, std::int64_t experts,
                        ScratchScope& scratch) {
  const ByExpert sorted{make_ints(scratch, experts + 1), make_ints(scratch, std::ssize(chosen))};
  const std::span<std::int32_t> next =
      make_ints(scratch, experts + 1);  // the free place of each expert
  std::ranges::fill(next, 0);
  for (const std::int32_t expert : chosen) ++next[static_cast<std::size_t>(expert) + 1];
  for (std::size_t e = 1; e < next.size(); ++e) next[e] += next[e - 1];
  std::ranges::copy(next, sorted.begins.begin());
  for (std::size_t choice = 0; choice < chosen.size(); ++choice) {
    const auto place = static_cast<std::size_t>(next[static_cast<std::size_t>(chosen[choice])]++);
    sorted.choices[place] = static_cast<std::int32_t>(choice);
  }
  return sorted;
}

// One expert on the rows of x that chose it.
void add_expert(const GatedMlp& w, const Run& run, std::span<const std::int32_t> choices,
                const Routing& routing, TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const std::int64_t width = x.columns();
  const std::int64_t k = routing.experts.columns();
  const TensorView rows = scratch.make({std::ssize(choices), width});
  float* next = rows.f32();
  for (const std::int32_t choice : choices)
    next = std::copy_n(x.f32() + choice / k * width, width, next);
  forward(w, run, rows, rows);
  const float* row = rows.f32();
  for (const std::int32_t choice : choices) {
    const float weight = routing.weights.f32()[choice];
    float* const sum = y.f32() + choice / k * width;
    for (std::int64_t i = 0; i < width; ++i) sum[i] += weight * row[i];
    row += width;
  }
}

}  // namespace

MixtureOfExperts MixtureOfExperts::bind(Binder& binder, const std::string& name,
                                        const DecoderSpec& spec) {
  MixtureOfExperts moe{.gate = binder.weight(name + ".gate.weight", {spec.experts, spec.width}),
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
  const Routing routing{.scores = scratch.make({x.rows(), spec.experts}),
                        .experts = scratch.make({x.rows(), spec.experts_per_token}, DType::kI32),
                        .weights = scratch.make({x.rows(), spec.experts_per_token})};
  route(w.gate, run, x, routing);
  run.stages.show("router", layer, ".scores", routing.scores);
  run.stages.show("router", layer, ".experts", routing.experts);
  run.stages.show("router", layer, ".weights", routing.weights);
  forward(w.shared, run, x, y);
  add_routed(w.experts, run, routing, x, y);
}

void add_routed(const std::vector<GatedMlp>& experts, const Run& run, const Routing& routing,
                TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const std::span<const std::int32_t> chosen(
      static_cast<const std::int32_t*>(routing.experts.data),
      static_cast<std::size_t>(routing.experts.shape.elements()));
  const ByExpert sorted = sort_by_expert(chosen, std::ssize(experts), scratch);
  for (std::size_t e = 0; e < experts.size(); ++e) {
    const auto begin = static_cast<std::size_t>(sorted.begins[e]);
    const auto end = static_cast<std::size_t>(sorted.begins[e + 1]);
    if (begin == end) continue;
    add_expert(experts[e], run, sorted.choices.subspan(begin, end - begin), routing, x, y);
  }
}

}  // namespace lectio
