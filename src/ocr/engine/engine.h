// SPDX-License-Identifier: Apache-2.0
// Reads a page: views, prompt, encode, prefill, generate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/thread_pool.h"
#include "compute/kernels/kernels.h"
#include "model/network/network.h"
#include "model/tokenizer/tokenizer.h"
#include "ocr/generate/generate.h"
#include "ocr/pages/page.h"
#include "ocr/views/views.h"

namespace lectio {

struct ReadOptions {
  std::optional<Mode> mode;                 // empty: auto, chosen from the page size
  std::string prompt = "<image>\nFree OCR.";
  GenerateOptions generate;
  ViewOptions views;
  std::function<void(std::string_view)> on_text;  // pieces of valid UTF-8, as they come
  std::stop_token stop;
};

// The mode for a page of this size when the user names none.
Mode auto_mode(std::int64_t width, std::int64_t height);

// An opened model folder. One thread at a time; the pool must outlive it.
class Engine {
 public:
  static Result<Engine> open(const std::filesystem::path& model_folder, ThreadPool& pool,
                             const kernels::Table& ops);
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  Result<PageText> read(const Page& page, const ReadOptions& options);
  const Network& network() const;
  const Tokenizer& tokenizer() const;

 private:
  struct Data;
  explicit Engine(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace lectio
