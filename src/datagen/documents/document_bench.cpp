// SPDX-License-Identifier: Apache-2.0
// What a document costs on one core, when none, half or all of them are worn. Fonts are DejaVu's,
// the text is made up.
#include <benchmark/benchmark.h>

#include <string>

#include "datagen/documents/document.h"

namespace lectio::documents {
namespace {

DocumentFactory bench_factory() {
  std::string text;
  for (int i = 0; i < 4000; ++i) {
    text +=
        "It is a truth universally acknowledged, that a single man in possession of a good "
        "fortune, must be in want of a wife. This was said " +
        std::to_string(i) + " times.";
    text += i % 4 == 0 ? "\n\n" : " ";
  }
  return *DocumentFactory::create(*open_fonts("/usr/share/fonts/truetype/dejavu"),
                                  std::make_shared<const Corpus>(*Corpus::from_text(text)),
                                  Corpus::Split::kTrain);
}

void make_document(benchmark::State& state) {
  const DocumentFactory factory = bench_factory();
  DocumentRecipe recipe;
  recipe.min_chars = 3000;
  recipe.max_chars = 5000;
  recipe.degrade = static_cast<double>(state.range(0)) / 100;
  GlyphCache cache;
  std::uint64_t seed = 0;
  double chars = 0;
  double pixels = 0;
  for (auto _ : state) {
    const Print page = factory.make(seed++, recipe, cache).page;
    chars += static_cast<double>(page.boxes.size());
    pixels += static_cast<double>(page.grey.size());
  }
  const auto pages = static_cast<double>(state.iterations());
  state.counters["chars"] = chars / pages;
  state.counters["megapixels"] = pixels / pages / 1e6;
}
BENCHMARK(make_document)->Arg(0)->Arg(50)->Arg(100)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lectio::documents
