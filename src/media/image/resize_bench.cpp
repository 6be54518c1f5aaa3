// SPDX-License-Identifier: Apache-2.0
// From the bytes of a scanned page to the 8-bit views of the default mode, step by step. A4 at 300
// dots an inch.
#include <benchmark/benchmark.h>

#include <span>
#include <string>

#include "base/splitmix.h"
#include "media/image/decode.h"
#include "media/image/encode.h"
#include "media/image/resize.h"

namespace lectio {
namespace {

constexpr std::int64_t kWidth = 2480;
constexpr std::int64_t kHeight = 3508;

// White with short black strokes and a little noise: compresses as text does.
Image page() {
  Image image(kWidth, kHeight, 255);
  Random random(1);
  for (std::int64_t line = 100; line + 60 < kHeight; line += 60) {
    for (std::int64_t x = 150; x + 150 < kWidth; x += random.between(8, 30)) {
      const std::int64_t width = random.between(3, 6);
      for (std::int64_t y = line; y < line + random.between(15, 35); ++y) {
        for (std::int64_t i = 0; i < width * 3; ++i) {
          image.row(y)[x * 3 + i] = static_cast<std::uint8_t>(random.below(40));
        }
      }
    }
  }
  return image;
}

void count_pixels(benchmark::State& state) {
  state.counters["source_Mpx_per_s"] = benchmark::Counter(
      static_cast<double>(kWidth * kHeight) * 1e-6 * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate);
}

void decode_png_page(benchmark::State& state) {
  const std::string file = encode_png(page());
  for (auto _ : state)
    benchmark::DoNotOptimize(decode_image(std::as_bytes(std::span(file)), "page"));
  count_pixels(state);
}
BENCHMARK(decode_png_page)->Unit(benchmark::kMillisecond);

void pad_to_1024(benchmark::State& state) {
  const Image image = page();
  for (auto _ : state) benchmark::DoNotOptimize(pad_to_square(image, 1024));
  count_pixels(state);
}
BENCHMARK(pad_to_1024)->Unit(benchmark::kMillisecond);

void stretch_to_2x3_tiles(benchmark::State& state) {
  const Image image = page();
  for (auto _ : state) benchmark::DoNotOptimize(resize_bicubic(image, 2 * 640, 3 * 640));
  count_pixels(state);
}
BENCHMARK(stretch_to_2x3_tiles)->Unit(benchmark::kMillisecond);

void enlarge_4x(benchmark::State& state) {
  const Image image = crop(page(), 0, 0, 620, 877);
  for (auto _ : state) benchmark::DoNotOptimize(resize_bicubic(image, kWidth, kHeight));
  count_pixels(state);
}
BENCHMARK(enlarge_4x)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lectio
