// SPDX-License-Identifier: Apache-2.0
// Many threads ask, one engine answers, and what they ask at the same time is read together.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/result.h"
#include "ocr/engine/engine.h"
#include "ocr/pages/page.h"

namespace lectio {

class SharedEngine {
 public:
  // Up to `together` pages at the same time. The engine must outlive it and is its own until then.
  SharedEngine(Engine& engine, std::int64_t together);
  // Nobody may be asking any more.
  ~SharedEngine();
  SharedEngine(const SharedEngine&) = delete;
  SharedEngine& operator=(const SharedEngine&) = delete;

  // Engine::read, from any thread: the same text to the bit, whatever is read beside it. Not with
  // on_text. What a page throws reaches the thread that asked for it and no other.
  Result<PageText> read(const Page& page, const ReadOptions& options);

 private:
  struct Request {
    const Page& page;
    const ReadOptions& options;
    std::optional<Result<PageText>> answer;
    std::exception_ptr problem;
  };

  using Requests = std::map<std::int64_t, Request*>;  // by their places in the order of read_many

  void serve();
  void serve_together();
  void serve_alone(Request& request);
  const Request* take(Requests& reading, std::int64_t index);
  void answer(Request& request, Result<PageText> text);

  Engine& engine_;
  const std::int64_t together_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable answered_;
  std::deque<Request*> waiting_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace lectio
