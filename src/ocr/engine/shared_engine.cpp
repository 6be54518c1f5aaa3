// SPDX-License-Identifier: Apache-2.0
#include "ocr/engine/shared_engine.h"

#include <utility>

#include "base/check.h"

namespace lectio {

SharedEngine::SharedEngine(Engine& engine, std::int64_t together)
    : engine_(engine),
      together_(together),
      thread_([this] { serve(); }) {}

SharedEngine::~SharedEngine() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  asked_.notify_one();
  thread_.join();
}

Result<PageText> SharedEngine::read(const Page& page, const ReadOptions& options) {
  LECTIO_CHECK(!options.on_text, "on_text");
  Request request{page, options, {}, {}};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&request);
  asked_.notify_one();
  answered_.wait(lock, [&] { return request.answer || request.problem; });
  if (request.problem) std::rethrow_exception(request.problem);
  return *std::move(request.answer);
}

void SharedEngine::serve() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      asked_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
    }
    serve_together();
  }
}

// Until nobody asks.
void SharedEngine::serve_together() {
  Requests reading;
  std::int64_t count = 0;
  const auto next = [&]() -> std::optional<ReadJob> {
    const Request* const request = take(reading, count);
    if (!request) return std::nullopt;
    ++count;
    return ReadJob{&request->page, request->options};
  };
  const auto done = [&](std::int64_t index, Result<PageText> text) {
    answer(*reading.extract(index).mapped(), std::move(text));
  };
  try {
    engine_.read_many(together_, next, done);
  } catch (...) {
    // Nobody can say whose fault it was; alone, each shows it.
    for (const auto& [index, request] : reading) serve_alone(*request);
  }
}

void SharedEngine::serve_alone(Request& request) {
  try {
    answer(request, engine_.read(request.page, request.options));
  } catch (...) {
    const std::lock_guard lock(mutex_);
    request.problem = std::current_exception();
    answered_.notify_all();
  }
}

// The next request, which is never in neither of both: whoever waits for it would wait for ever.
const SharedEngine::Request* SharedEngine::take(Requests& reading, std::int64_t index) {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return nullptr;
  Request* const request = waiting_.front();
  reading.emplace(index, request);
  waiting_.pop_front();
  return request;
}

// The request may be gone once it is answered.
void SharedEngine::answer(Request& request, Result<PageText> text) {
  const std::lock_guard lock(mutex_);
  request.answer.emplace(std::move(text));
  answered_.notify_all();
}

}  // namespace lectio
