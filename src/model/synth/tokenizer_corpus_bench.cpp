// SPDX-License-Identifier: Apache-2.0
// The tokenizer at its official size: bytes a second of encoding, time to load.
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/file.h"
#include "model/synth/synthetic_tokenizer.h"
#include "model/tokenizer/tokenizer.h"

namespace {

const std::string& official() {
  static const std::string json = *lectio::synthetic_tokenizer_json(129280);
  return json;
}

// English: this project's own pages of text, many times. Mixed: the corpus of difficult texts.
std::string make_text(bool mixed) {
  std::string page;
  if (mixed) {
    const auto file = lectio::read_file(LECTIO_SOURCE_DIR "/tests/golden/splits.json");
    const auto json = nlohmann::json::parse(*file);
    for (const auto& item : json.at("cases")) {
      page += item.at("text").get<std::string>() + "\n";
    }
  } else {
    for (const char* name : {"LICENSE", "CONTRIBUTING.md", "docs/training.md"}) {
      page += *lectio::read_file(std::string(LECTIO_SOURCE_DIR "/") + name);
    }
  }
  std::string text;
  while (text.size() < (1U << 20)) text += page;
  return text;
}

void encode(benchmark::State& state) {
  const auto tokenizer = lectio::Tokenizer::from_json(official(), "bench");
  const std::string text = make_text(state.range(0) == 1);
  std::size_t tokens = 0;
  for (auto _ : state) tokens = tokenizer->encode(text).size();
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.counters["bytes_per_token"] =
      static_cast<double>(text.size()) / static_cast<double>(tokens);
}
BENCHMARK(encode)->ArgName("mixed")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void load(benchmark::State& state) {
  official();
  for (auto _ : state) {
    auto tokenizer = lectio::Tokenizer::from_json(official(), "bench");
    benchmark::DoNotOptimize(tokenizer);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(official().size()));
}
BENCHMARK(load)->Unit(benchmark::kMillisecond);

}  // namespace
