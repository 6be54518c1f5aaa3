// SPDX-License-Identifier: Apache-2.0
// What a print costs on one core, by the kinds that training uses. Fonts are DejaVu's, the text is
// made up.
#include <benchmark/benchmark.h>

#include <string>

#include "datagen/prints/print.h"
#include "datagen/prints/resize.h"
#include "media/render/test_fonts.h"

namespace lectio {
namespace {

PrintFactory bench_factory() {
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    text +=
        "It is a truth universally acknowledged, that a single man in possession of a good "
        "fortune, must be "
        "in want of a wife. This was said " +
        std::to_string(i) + " times.\n\n";
  }
  return *PrintFactory::create({sans(), mono(), test_font("DejaVuSerif")},
                               std::make_shared<const Corpus>(*Corpus::from_text(text)),
                               Corpus::Split::kTrain);
}

void make_print(benchmark::State& state) {
  const PrintFactory factory = bench_factory();
  const PrintRecipe recipe{
      state.range(0), state.range(1), state.range(2), state.range(3), 0.5, true, 0.3};
  GlyphCache cache;
  std::uint64_t seed = 0;
  for (; seed < 2000; ++seed)
    benchmark::DoNotOptimize(factory.make(seed, recipe, cache).boxes.data());
  std::int64_t chars = 0;
  for (auto _ : state) {
    chars += static_cast<std::int64_t>(factory.make(seed++, recipe, cache).boxes.size());
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["chars"] = static_cast<double>(chars) / static_cast<double>(state.iterations());
}
BENCHMARK(make_print)
    ->Args({512, 128, 8, 60})
    ->Args({256, 256, 40, 290})
    ->Args({512, 512, 600, 800})
    ->Args({512, 512, 1200, 2200})
    ->Unit(benchmark::kMicrosecond);

void resize_page(benchmark::State& state) {
  const GreyImage page(state.range(0), state.range(0), 128);
  for (auto _ : state) benchmark::DoNotOptimize(resize_grey(page, 512, 512).pixels.data());
}
BENCHMARK(resize_page)->Arg(320)->Arg(800)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lectio
