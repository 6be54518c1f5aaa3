// SPDX-License-Identifier: Apache-2.0
// Speed on English-like text: bytes a second of encoding, and the time to load the file that was
// learned from it.
#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "base/splitmix.h"
#include "model/tokenizer/bpe_trainer.h"
#include "model/tokenizer/tokenizer.h"

namespace {

using lectio::Random;

// Pseudo-words from syllables, the frequent ones drawn far more often, with digits and punctuation
// between.
std::string make_text(std::size_t bytes) {
  constexpr std::array kSyllables = {"the", "re",  "ad", "ing", "er", "con", "ti",
                                     "on",  "al",  "is", "o",   "ma", "pe",  "st",
                                     "an",  "ver", "ly", "ou",  "th", "qui"};
  Random random(11);
  std::vector<std::string> words(20000);
  for (std::string& word : words) {
    for (std::uint64_t i = 0, n = 1 + random.below(4); i < n; ++i) {
      word += kSyllables[random.below(kSyllables.size())];
    }
  }
  std::string text;
  while (text.size() < bytes) {
    const double unit = random.unit();
    text += words[static_cast<std::size_t>(unit * unit * unit * static_cast<double>(words.size()))];
    if (random.chance(0.1)) text += random.chance(0.5) ? ", " : ".\n";
    if (random.chance(0.03)) text += " " + std::to_string(random.below(2000));
    text += ' ';
  }
  return text;
}

std::string train(const std::string& text, std::int64_t vocabulary) {
  lectio::BpeTraining training;
  training.vocabulary = vocabulary;
  const std::array<std::string_view, 1> chunks = {text};
  return *lectio::train_bpe(chunks, training);
}

void encode(benchmark::State& state) {
  const std::string text = make_text(1 << 20);
  const auto tokenizer = lectio::Tokenizer::from_json(train(text, state.range(0)), "bench");
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer->encode(text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(encode)->Arg(1024)->Arg(16384)->Unit(benchmark::kMillisecond);

void decode(benchmark::State& state) {
  const std::string text = make_text(1 << 20);
  const auto tokenizer = lectio::Tokenizer::from_json(train(text, state.range(0)), "bench");
  const std::vector<lectio::TokenId> ids = tokenizer->encode(text);
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer->decode(ids));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(decode)->Arg(1024)->Unit(benchmark::kMillisecond);

void load(benchmark::State& state) {
  const std::string json = train(make_text(4 << 20), state.range(0));
  for (auto _ : state) {
    auto tokenizer = lectio::Tokenizer::from_json(json, "bench");
    benchmark::DoNotOptimize(tokenizer);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}
BENCHMARK(load)->Arg(1024)->Arg(32768)->Unit(benchmark::kMillisecond);

void learn(benchmark::State& state) {
  const std::string text = make_text(4 << 20);
  for (auto _ : state) benchmark::DoNotOptimize(train(text, state.range(0)));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(learn)->Arg(1024)->Unit(benchmark::kMillisecond);

}  // namespace
