// SPDX-License-Identifier: Apache-2.0
// Reads a page: views, prompt, encode, prefill, generate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "compute/kernels/kernels.h"
#include "model/network/network.h"
#include "model/tokenizer/tokenizer.h"
#include "ocr/generate/generate.h"
#include "ocr/generate/loop_detector.h"
#include "ocr/pages/page.h"
#include "ocr/views/views.h"

namespace lectio {

struct ReadOptions {
  std::optional<Mode> mode;  // empty: auto, chosen from the page size
  std::string prompt = "<image>\nFree OCR.";
  GenerateOptions generate;
  LoopRule loops;  // a loop ends the text with FinishReason::kLoop, taken back to where it began
  // The text begins with these tokens, as if the network had written them: how a reading goes on
  // from a good beginning. They count towards max_tokens; on_text does not repeat them.
  std::vector<std::int32_t> prefix;
  std::vector<float> prefix_log_probabilities;  // one an id of prefix; missing ones are not known
  ViewOptions views;
  // Pieces of valid UTF-8, as they come. What a loop may yet take back is not handed on before that
  // is decided.
  std::function<void(std::string_view)> on_text;
  std::stop_token stop;  // looked at between stages and before every token
};

// A page to read, and how.
struct ReadJob {
  const Page* page = nullptr;  // looked at until the next one is asked for
  ReadOptions options;
};

// The mode for a page of this size, in pixels, when the user names none: the fewest vision tokens
// that keep the page's own resolution and have room for its `characters` (0: not known).
//   v1  longer side <= 512: tiny; <= 640: small; <= 1280: base, which shrinks to no less than 0.8;
//   above: gundam.
//       A page more than twice as long as wide, or the reverse, is never tiny or small, which would
//       squeeze it into a square; base pads it instead. Nor is one with more than 20 characters a
//       vision token of theirs, 1,280 and 2,000.
//       A model that was not trained on tiles (NetworkSpec::reads_tiles) gets base instead of
//       gundam.
//   v2  gundam, which adds tiles by itself where a side is longer than 768.
Mode auto_mode(const NetworkSpec& spec, std::int64_t width, std::int64_t height,
               std::int64_t characters = 0);

struct EngineOptions {
  std::filesystem::path vision;  // the vision file of a GGUF model, where it is not the one beside
                                 // the language file
  // Of keys and values: F32, F16 or I8, which takes half the memory of F16 (model/language/
  // kv_cache.h) and may choose another token where two are nearly as likely.
  DType cache = DType::kF16;
};

// An opened model: a folder with config.json, safetensors and tokenizer.json, or a GGUF model
// (model/gguf/gguf_model.h). One thread at a time; the pool must outlive it. Memory for activations
// and for keys and values is kept from page to page.
class Engine {
 public:
  static Result<Engine> open(const std::filesystem::path& model, ThreadPool& pool,
                             const kernels::Table& ops, const EngineOptions& options = {});
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // A stopped read is not an error: it gives the text so far and FinishReason::kCancelled.
  // kInvalidArgument for options that this network cannot follow, kTooLarge for a prompt that
  // leaves no position free, kInvalidModel when the network's numbers are no numbers.
  Result<PageText> read(const Page& page, const ReadOptions& options);
  // Several pages in one prompt, one for each of its <image> marks, in order. Token counts are
  // sums; where auto chooses different modes, their names are joined by "+".
  Result<PageText> read(std::span<const Page> pages, const ReadOptions& options);
  // Reads many pages, up to `together` of them token by token at the same time, which reads the
  // weights once for all of them. `next` is asked after every token while there is room and gives a
  // page, or nothing when none waits; where none waits and none is being read, all is done. `done`
  // is told of each, by its place in the order of `next`, as it ends: a page that fails does not
  // stop the others. Texts are those of read, to the bit. decode_ms is the time from a page's first
  // token to its last, whatever else happened meanwhile. What `next`, `done` or a page throws ends
  // the call.
  void read_many(std::int64_t together, const std::function<std::optional<ReadJob>()>& next,
                 const std::function<void(std::int64_t index, Result<PageText>)>& done);
  const Network& network() const;
  const Tokenizer& tokenizer() const;

 private:
  struct Data;
  explicit Engine(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace lectio
