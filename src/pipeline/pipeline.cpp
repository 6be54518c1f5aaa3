// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pipeline.h"

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/sha256.h"
#include "pipeline/bounded_queue.h"

namespace lectio {
namespace {

// On its way to the model.
struct Prepared {
  PageResult result;
  std::optional<Page> page;  // absent: the result is final already
  InkReport ink;
};

// From the middle stage to the last.
struct Outcome {
  PageResult result;
  std::int64_t bytes = 0;               // of the page's picture, kept or not, or of what was made
  std::optional<Error> problem_of_all;  // instead of a result: no page can be read
};

PageResult failed(PageResult result, const Error& error,
                  PageFailure failure = PageFailure::kError) {
  result.failure = failure;
  result.error = error.code();
  result.reading.evidence.error = error.message();
  result.reading.verdict = judge(result.reading.evidence);
  return result;
}

// A value, or an exception's message as an error.
template <typename T>
Result<T> guarded(PageFailure& failure, const std::function<Result<T>()>& job) {
  failure = PageFailure::kError;
  try {
    return job();
  } catch (const std::bad_alloc&) {
    failure = PageFailure::kMemory;
    return Error(ErrorCode::kTooLarge, "out of memory");
  } catch (const std::exception& problem) {
    failure = PageFailure::kInternal;
    return Error(ErrorCode::kIo, std::string("internal error: ") + problem.what());
  }
}

bool concerns_all_pages(ErrorCode code) {
  return code == ErrorCode::kInvalidArgument || code == ErrorCode::kInvalidModel;
}

// A page on its way through the middle stage, and where it stands among all pages.
struct Taken {
  std::int64_t place = 0;
  std::int64_t bytes = 0;
  Prepared prepared;
};

std::int64_t picture_bytes(const std::optional<Page>& page) {
  return page ? static_cast<std::int64_t>(page->image.pixels.size()) : 0;
}

std::int64_t made_bytes(const PageResult& result) {
  return result.made ? static_cast<std::int64_t>(result.made->size()) : 0;
}

class Pipeline {
 public:
  Pipeline(const std::vector<InputFile>& inputs, const PipelineOptions& options,
           const PipelineStages& stages)
      : inputs_(inputs),
        options_(options),
        stages_(stages),
        prepared_(options.ahead, options.ahead_bytes),
        read_(options.ahead, options.ahead_bytes) {}

  Result<void> run() {
    std::thread preparing([this] { prepare_all(); });
    std::thread writing;
    if (stages_.write_behind) writing = std::thread([this] { write_all(); });
    read_all();
    prepared_.close();
    read_.close();
    preparing.join();
    if (writing.joinable()) writing.join();
    if (problem_) return *problem_;
    return {};
  }

 private:
  bool stopped() const { return options_.stop.stop_requested(); }

  // The first stage. False: nobody wants more.
  void prepare_all() {
    for (std::size_t input = 0; input < inputs_.size() && !stopped(); ++input) {
      if (!prepare_document(input)) break;
    }
    prepared_.close();
  }

  bool prepare_document(std::size_t input) {
    PageResult whole;
    whole.input = input;
    whole.source = inputs_[input].path.string();
    PageFailure failure = PageFailure::kNone;
    const auto opened =
        guarded<std::unique_ptr<PageSource>>(failure, [&] { return stages_.open(inputs_[input]); });
    if (!opened) {
      PageResult result = failed(whole, opened.error(), failure);
      pass_over_no_document(result);
      tell_document(input, 1);
      return prepared_.push({std::move(result), {}, {}});
    }
    PageSource& source = **opened;
    whole.source = source.name();
    const std::vector<std::int64_t> pages = options_.pages.of(source.count());
    if (pages.empty()) {
      tell_document(input, 1);
      return prepared_.push(
          {failed(whole,
                  Error(ErrorCode::kInvalidInput,
                        source.name() + ": pages: expected some of " + options_.pages.text() +
                            ", found a document of " + std::to_string(source.count()))),
           {},
           {}});
    }
    tell_document(input, std::ssize(pages));
    const bool complete = is_complete(source, input, pages);
    for (const std::int64_t page : pages) {
      if (stopped()) return false;
      PageResult result = whole;
      result.page = page;
      if (!prepare_page(source, std::move(result), complete)) return false;
    }
    return true;
  }

  bool is_complete(const PageSource& source, std::size_t input,
                   const std::vector<std::int64_t>& pages) {
    if (!options_.keep_pictures) return true;
    if (!stages_.is_complete) return false;
    std::vector<std::string> keys;
    keys.reserve(pages.size());
    for (const std::int64_t page : pages) {
      keys.push_back(page_key(source, page, options_.reading_key));
    }
    return stages_.is_complete(input, keys);
  }

  // A file that a folder has beside its documents.
  void pass_over_no_document(PageResult& result) const {
    const InputFile& input = inputs_[result.input];
    if (!input.found || has_document_name(input.path)) return;
    result.failure = PageFailure::kNone;
    result.error.reset();
    result.reading.evidence.skipped = std::exchange(result.reading.evidence.error, "");
    result.reading.verdict = judge(result.reading.evidence);
  }

  void tell_document(std::size_t input, std::int64_t pages) {
    if (stages_.on_document) stages_.on_document(input, pages);
  }

  bool prepare_page(PageSource& source, PageResult result, bool complete) {
    result.key = page_key(source, result.page, options_.reading_key);
    std::optional<PageResult> known;
    if (stages_.known) known = stages_.known(result.key);
    if (known) {
      known->input = result.input;
      known->page = result.page;
      known->source = result.source;
      known->from_store = true;
      if (!complete && stages_.made) known->made = stages_.made(result.key);
      const std::int64_t weight = made_bytes(*known);
      if (complete || known->made) return prepared_.push({*std::move(known), {}, {}}, weight);
    }
    Prepared prepared;
    PageFailure failure = PageFailure::kNone;
    const auto ready = guarded<int>(failure, [&]() -> Result<int> {
      LECTIO_TRY(prepared.page, source.page(result.page));
      if (!known) prepared.ink = look_at_ink(prepared.page->image);
      return 0;
    });
    if (!ready) {
      if (ready.error().code() == ErrorCode::kCancelled) return false;
      result = failed(std::move(result), ready.error(), failure);
      pass_over_no_document(result);
      return prepared_.push({std::move(result), {}, {}});
    }
    result.width = prepared.page->image.width;
    result.height = prepared.page->image.height;
    const std::int64_t weight = picture_bytes(prepared.page);
    prepared.result = known ? *std::move(known) : std::move(result);
    return prepared_.push(std::move(prepared), weight);
  }

  // The middle stage.
  void read_all() {
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < options_.readers; ++i) {
      others.emplace_back([this] { read_pages(); });
    }
    read_pages();
    for (std::thread& other : others) other.join();
  }

  void read_pages() {
    while (auto taken = take()) {
      if (!hand_on(taken->place, read(*taken))) return;
    }
  }

  std::optional<Taken> take() {
    const std::lock_guard taking(taking_);
    if (!wait_for_room()) return std::nullopt;
    auto prepared = prepared_.pop();
    if (!prepared || !more_wanted()) return std::nullopt;
    if (stages_.on_begin) stages_.on_begin(prepared->result);
    const std::int64_t bytes = picture_bytes(prepared->page) + made_bytes(prepared->result);
    const std::lock_guard lock(order_);
    bytes_taken_ += bytes;
    return Taken{taken_++, bytes, *std::move(prepared)};
  }

  // Until another page may be taken: one that takes long holds up the results of those after it,
  // and what waits must not grow. False: nobody wants more.
  bool wait_for_room() {
    std::unique_lock lock(order_);
    const auto most = static_cast<std::int64_t>(2 * options_.readers);
    handed_on_.wait(lock, [&] {
      const bool has_room = taken_ - written_ < most && bytes_taken_ < options_.ahead_bytes;
      return ended_ || taken_ == written_ || has_room;
    });
    return !ended_ && !stopped();
  }

  bool more_wanted() {
    const std::lock_guard lock(order_);
    return !ended_ && !stopped();
  }

  Outcome read(Taken& taken) {
    Prepared& prepared = taken.prepared;
    Outcome outcome;
    outcome.bytes = taken.bytes;
    const bool to_read = prepared.page && !prepared.result.from_store;
    outcome.result =
        to_read ? read_page(prepared, outcome.problem_of_all) : std::move(prepared.result);
    if (options_.keep_pictures) outcome.result.picture = std::move(prepared.page);
    prepared.page.reset();
    return outcome;
  }

  // This page's outcome and whatever waited for it, in order. False: nobody wants more.
  bool hand_on(std::int64_t place, Outcome outcome) {
    const std::lock_guard lock(order_);
    early_.emplace(place, std::move(outcome));
    while (!ended_ && !early_.empty() && early_.begin()->first == written_) {
      bytes_taken_ -= early_.begin()->second.bytes;
      ended_ = !hand_on_next(early_.extract(early_.begin()).mapped());
      ++written_;
    }
    handed_on_.notify_all();
    return !ended_;
  }

  bool hand_on_next(Outcome outcome) {
    if (outcome.problem_of_all) {
      set_problem(*outcome.problem_of_all);
      return false;
    }
    if (!stages_.write_behind) return write(std::move(outcome.result));
    const bool kept = outcome.result.picture || outcome.result.made;
    const std::int64_t weight = kept ? outcome.bytes : 0;
    return read_.push(std::move(outcome.result), weight);
  }

  PageResult read_page(Prepared& prepared, std::optional<Error>& problem_of_all) {
    PageFailure failure = PageFailure::kNone;
    auto reading =
        guarded<PageReading>(failure, [&] { return stages_.read(*prepared.page, prepared.ink); });
    PageResult result = std::move(prepared.result);
    if (!reading) {
      if (concerns_all_pages(reading.error().code())) problem_of_all = reading.error();
      const Error error = reading.error().within(result.source);
      return failed(std::move(result), error, failure);
    }
    result.reading = *std::move(reading);
    return result;
  }

  // The last stage.
  void write_all() {
    while (auto result = read_.pop()) {
      if (!write(*std::move(result))) break;
    }
    read_.close();
  }

  bool write(PageResult result) {
    PageFailure failure = PageFailure::kNone;
    const auto written = guarded<int>(failure, [&]() -> Result<int> {
      LECTIO_TRY_VOID(stages_.on_page(std::move(result)));
      return 0;
    });
    if (written) return true;
    set_problem(written.error());
    return false;
  }

  void set_problem(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!problem_) problem_ = error;
  }

  const std::vector<InputFile>& inputs_;
  const PipelineOptions& options_;
  const PipelineStages& stages_;
  BoundedQueue<Prepared> prepared_;
  BoundedQueue<PageResult> read_;
  std::mutex taking_;  // of the reader that takes the next page; before order_
  std::mutex order_;   // of what follows
  std::condition_variable handed_on_;
  std::int64_t taken_ = 0;                 // pages that a reader took
  std::int64_t written_ = 0;               // of them, handed on to the last stage
  std::int64_t bytes_taken_ = 0;           // of the pictures of the others
  std::map<std::int64_t, Outcome> early_;  // by place: read before a page before them
  bool ended_ = false;
  std::mutex mutex_;
  std::optional<Error> problem_;
};

}  // namespace

Result<void> run_pipeline(const std::vector<InputFile>& inputs, const PipelineOptions& options,
                          const PipelineStages& stages) {
  LECTIO_CHECK(options.readers >= 1, "readers");
  PipelineStages complete = stages;
  if (!complete.open) {
    complete.open = [&options](const InputFile& input) {
      return open_source(input.path, options.sources);
    };
  }
  return Pipeline(inputs, options, complete).run();
}

std::string page_key(const PageSource& source, std::int64_t page, std::string_view reading_key) {
  Sha256 hash;
  const auto add = [&hash](std::string_view part) {
    hash.add(std::to_string(part.size()) + ":");  // no part can be taken for the next
    hash.add(part);
  };
  add("lectio page 1");
  add(source.sha256());
  add(std::to_string(page));
  add(source.rendering());
  add(reading_key);
  return hash.hex();
}

}  // namespace lectio
