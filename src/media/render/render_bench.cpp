// SPDX-License-Identifier: Apache-2.0
// A dense 512x512 page: what laying it out and drawing it costs once its glyphs are in the cache.
#include <benchmark/benchmark.h>

#include <string>

#include "media/render/draw.h"
#include "media/render/layout.h"
#include "media/render/test_fonts.h"

namespace lectio {
namespace {

LayoutConfig dense_page() {
  LayoutConfig config;
  config.margin_left = config.margin_top = config.margin_right = config.margin_bottom = 10;
  config.fonts = {sans()};
  config.size = 17;
  config.line_pitch = 1.25F;
  config.align = Align::kJustify;
  return config;
}

std::string text_of(std::size_t chars) {
  std::string text;
  while (text.size() < chars) {
    text +=
        "It is a truth universally acknowledged, that a single man in possession of a good "
        "fortune, ";
  }
  text.resize(chars);
  return text;
}

void lay_out_page(benchmark::State& state) {
  const std::string text = text_of(1000);
  const LayoutConfig config = dense_page();
  for (auto _ : state) benchmark::DoNotOptimize(lay_out(text, config).chars.data());
  if (lay_out(text, config).bytes_fitted != text.size())
    state.SkipWithError("the text does not fit");
}
BENCHMARK(lay_out_page)->Unit(benchmark::kMicrosecond);

void lay_out_and_draw_page(benchmark::State& state) {
  const std::string text = text_of(1000);
  const LayoutConfig config = dense_page();
  GlyphCache cache;
  for (auto _ : state)
    benchmark::DoNotOptimize(draw_grey(lay_out(text, config), cache).pixels.data());
}
BENCHMARK(lay_out_and_draw_page)->Unit(benchmark::kMicrosecond);

void draw_page_in_colour(benchmark::State& state) {
  const Layout layout = lay_out(text_of(1000), dense_page());
  GlyphCache cache;
  for (auto _ : state) benchmark::DoNotOptimize(draw_rgb(layout, cache).pixels.data());
}
BENCHMARK(draw_page_in_colour)->Unit(benchmark::kMicrosecond);

void fill_the_cache(benchmark::State& state) {
  const Layout layout = lay_out(text_of(1000), dense_page());
  for (auto _ : state) {
    GlyphCache cache;
    benchmark::DoNotOptimize(draw_grey(layout, cache).pixels.data());
  }
}
BENCHMARK(fill_the_cache)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lectio
