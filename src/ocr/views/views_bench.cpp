// SPDX-License-Identifier: Apache-2.0
// The bytes of a page to the tensors of its views, in the default mode: A4 at 300 dots an inch, six
// tiles.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <span>
#include <string>

#include "base/check.h"
#include "base/splitmix.h"
#include "media/image/decode.h"
#include "media/image/encode.h"
#include "ocr/views/views.h"

namespace lectio {
namespace {

// Smooth noise: neither the best nor the worst case of a codec.
Image page() {
  Image image(2480, 3508);
  Random random(1);
  int level = 200;
  for (std::uint8_t& value : image.pixels) {
    level = std::clamp(level + static_cast<int>(random.between(-3, 3)), 0, 255);
    value = static_cast<std::uint8_t>(level);
  }
  return image;
}

void cut_page(benchmark::State& state) {
  const Image image = page();
  for (auto _ : state) {
    const Result<ViewPlan> plan = plan_views(Family::kV1, image.width, image.height, Mode::kGundam);
    LECTIO_CHECK(plan, "plan");
    benchmark::DoNotOptimize(cut(image, *plan));
  }
}
BENCHMARK(cut_page)->Unit(benchmark::kMillisecond);

void decode_and_cut_page(benchmark::State& state) {
  const std::string file = encode_png(page());
  for (auto _ : state) {
    const Result<Image> image = decode_image(std::as_bytes(std::span(file)), "page");
    LECTIO_CHECK(image, "image");
    const Result<ViewPlan> plan =
        plan_views(Family::kV1, image->width, image->height, Mode::kGundam);
    LECTIO_CHECK(plan, "plan");
    benchmark::DoNotOptimize(cut(*image, *plan));
  }
  state.counters["pages_per_s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(decode_and_cut_page)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lectio
