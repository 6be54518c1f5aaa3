// SPDX-License-Identifier: Apache-2.0
#include "bench/bench.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string_view>
#include <utility>

#include "base/splitmix.h"
#include "bench/limits.h"
#include "bench/work.h"

namespace lectio::bench {
namespace {

constexpr std::int64_t kViewSide = 1024;
constexpr int kStepsATime = 16;  // decode is timed over so many

double now_ms() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double median(std::vector<double> numbers) {
  std::ranges::sort(numbers);
  return numbers[numbers.size() / 2];
}

// "global.sam.block3" -> "sam.block".
std::string part_of(std::string_view stage) {
  const std::size_t dot = stage.find('.');
  std::string part(dot == std::string_view::npos ? stage : stage.substr(dot + 1));
  std::erase_if(part, [](char c) { return c >= '0' && c <= '9'; });
  return part;
}

class Bench {
 public:
  Bench(const Network& network, const kernels::Table& ops, ThreadPool& pool, const Options& options)
      : network_(network),
        spec_(network.spec()),
        ops_(ops),
        context_{pool, scratch_},
        options_(options),
        layout_(token_layout(spec_.family, kViewSide, std::nullopt, 0)),
        product_(network.step_weights().format) {}

  Report run() {
    report_.format = network_.step_weights().format;
    if (options_.encoder) encoder();
    if (options_.prefill) {
      for (const std::int64_t rows : {280, 1200}) prefill(rows);
    }
    if (options_.decode) {
      for (const std::int64_t positions : {300, 1200}) {
        for (const std::int64_t batch : {1, 8}) decode(positions, batch);
      }
    }
    if (options_.page_tokens > 0) page();
    return std::move(report_);
  }

 private:
  void announce(const std::string& stage) const {
    if (options_.on_stage) options_.on_stage(stage);
  }

  double stream() {
    const double rate = stream_.bytes_per_second(context_.pool);
    report_.stream = std::max(report_.stream, rate);
    return rate;
  }

  double products() {
    const double rate = product_.flops_per_second(ops_, context_);
    report_.product_rate = std::max(report_.product_rate, rate);
    return rate;
  }

  // Times the stage `runs` times over, between two measurements of its limit: medians of the
  // repeats, after one that does not count.
  template <typename Work>
  void measure(Stage stage, int runs, const Work& work) {
    const auto limit = [&] { return stage.bytes > 0 ? stream() : products(); };
    const double amount = stage.bytes > 0 ? stage.bytes : stage.flops;
    std::vector<double> times, shares;
    work();
    double before = limit();
    for (int i = 0; i < std::max(options_.repeats, 1); ++i) {
      const double begin = now_ms();
      work();
      times.push_back((now_ms() - begin) / runs);
      const double after = limit();
      shares.push_back(1000 * amount / times.back() / ((before + after) / 2));
      before = after;
    }
    stage.ms = median(times);
    stage.of_limit = median(shares);
    report_.stages.push_back(std::move(stage));
  }

  Tensor random_rows(std::int64_t rows) {
    Tensor tensor({rows, spec_.decoder.width});
    for (float& number : tensor.floats()) number = static_cast<float>(random_.uniform(-1, 1));
    return tensor;
  }

  Tensor random_view() {
    Tensor pixels({1, 3, kViewSide, kViewSide});
    for (float& pixel : pixels.floats()) pixel = static_cast<float>(random_.uniform(-1, 1));
    return pixels;
  }

  void encoder() {
    announce("encoder");
    const Tensor pixels = random_view();
    const auto encode = [&](const StageObserver& observe) {
      network_.encode(ops_, context_, pixels.view(), {}, layout_, observe);
    };
    measure({.name = "encoder", .tokens = layout_.count(), .flops = encoder_flops(spec_, layout_)},
            1, [&] { encode({}); });
    if (!options_.encoder_parts) return;
    std::map<std::string, double> parts;
    std::vector<std::string> order;
    double last = now_ms();
    encode([&](std::string_view stage, TensorView) {
      const double time = now_ms();
      const std::string part = part_of(stage);
      if (!parts.contains(part)) order.push_back(part);
      parts[part] += time - last;
      last = now_ms();
    });
    for (const std::string& part : order) {
      report_.stages.push_back({.name = "encoder." + part, .ms = parts[part]});
    }
  }

  void prefill(std::int64_t rows) {
    const std::string name = "prefill." + std::to_string(rows);
    announce(name);
    const Tensor input = random_rows(rows);
    const Tensor logits({1, spec_.decoder.vocabulary});
    KvCache cache = network_.make_cache(rows, options_.cache);
    measure({.name = name, .tokens = rows, .flops = prefill_flops(spec_.decoder, rows)}, 1, [&] {
      cache.truncate(0);
      network_.decode(ops_, context_, input.view(), cache, logits.view());
    });
  }

  void decode(std::int64_t positions, std::int64_t batch) {
    const std::string name =
        "decode." + std::to_string(positions) + (batch == 1 ? "" : ".x" + std::to_string(batch));
    announce(name);
    const Tensor input = random_rows(kStepsATime * batch);
    const Tensor logits({batch, spec_.decoder.vocabulary});
    std::vector<KvCache> caches;
    std::vector<KvCache*> members;
    for (std::int64_t i = 0; i < batch; ++i) {
      caches.push_back(network_.make_cache(positions + kStepsATime, options_.cache));
    }
    for (KvCache& cache : caches) {
      cache.advance(positions);
      members.push_back(&cache);
    }
    const double bytes = step_bytes(network_, batch, positions + kStepsATime / 2, options_.cache);
    measure({.name = name, .tokens = batch, .bytes = bytes}, kStepsATime, [&] {
      for (KvCache* const cache : members) cache->truncate(positions);
      for (int i = 0; i < kStepsATime; ++i) {
        network_.step(ops_, context_, input.view().row_range(i * batch, batch), members,
                      logits.view());
      }
    });
  }

  // Encoding, prefill and every token of one page.
  void page() {
    announce("page");
    const Tensor pixels = random_view();
    const std::int64_t prompt = layout_.count() + 5;
    const Tensor input = random_rows(prompt);
    const Tensor rows = random_rows(64);
    const Tensor logits({1, spec_.decoder.vocabulary});
    const double begin = now_ms();
    network_.encode(ops_, context_, pixels.view(), {}, layout_);
    KvCache cache = network_.make_cache(prompt + options_.page_tokens, options_.cache);
    network_.decode(ops_, context_, input.view(), cache, logits.view());
    for (std::int64_t i = 1; i < options_.page_tokens; ++i) {
      network_.decode(ops_, context_, rows.view().row_range(i % 64, 1), cache, logits.view());
    }
    report_.stages.push_back(
        {.name = "page", .ms = now_ms() - begin, .tokens = options_.page_tokens});
  }

  const Network& network_;
  const NetworkSpec& spec_;
  const kernels::Table& ops_;
  Arena scratch_;
  kernels::Context context_;
  const Options& options_;
  TokenLayout layout_;
  Random random_{1};
  Stream stream_;
  LargeProduct product_;
  Report report_;
};

}  // namespace

Report run(const Network& network, const kernels::Table& ops, ThreadPool& pool,
           const Options& options) {
  return Bench(network, ops, pool, options).run();
}

}  // namespace lectio::bench
