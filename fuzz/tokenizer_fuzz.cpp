// SPDX-License-Identifier: Apache-2.0
// A tokenizer.json from anywhere, then, behind a zero byte, a text: what loads must give every text
// back. An input without a zero byte is a text for a tokenizer that is known to be good.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "model/tokenizer/bpe_trainer.h"
#include "model/tokenizer/tokenizer.h"

namespace {

using lectio::Tokenizer;

void check_round_trip(const Tokenizer& tokenizer, std::string_view text) {
  const std::vector<lectio::TokenId> ids = tokenizer.encode(text);
  LECTIO_CHECK(tokenizer.decode(ids) == text, "decoding gives another text");
  lectio::StreamDecoder decoder(tokenizer);
  std::string streamed;
  for (const lectio::TokenId id : ids) streamed += decoder.push(id);
  streamed += decoder.finish();
  LECTIO_CHECK(streamed.size() >= text.size() || streamed.find("\uFFFD") != std::string::npos,
               "streaming loses text");
}

Tokenizer good_tokenizer() {
  const std::vector<std::string_view> chunks = {
      "the other reader reads there, then rests. 42 \u4F60\u597D",
      "the other reader reads there, then rests. 42 \u4F60\u597D"};
  return *Tokenizer::from_json(*lectio::train_bpe(chunks, {}), "good");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = input.find('\0');
  if (zero == std::string_view::npos) {
    static const Tokenizer kGood = good_tokenizer();
    check_round_trip(kGood, input);
    return 0;
  }
  const auto tokenizer = Tokenizer::from_json(input.substr(0, zero), "fuzz");
  if (tokenizer) check_round_trip(*tokenizer, input.substr(zero + 1));
  return 0;
}
