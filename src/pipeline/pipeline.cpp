// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pipeline.h"

#include <exception>
#include <memory>
#include <new>
#include <thread>
#include <utility>

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
      const bool made = stages_.is_made && stages_.is_made(result.key);
      if (complete || made) return prepared_.push({*std::move(known), {}, {}});
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
    const auto weight = static_cast<std::int64_t>(prepared.page->image.pixels.size());
    prepared.result = known ? *std::move(known) : std::move(result);
    return prepared_.push(std::move(prepared), weight);
  }

  // The middle stage, on the caller's thread.
  void read_all() {
    while (!stopped()) {
      auto next = prepared_.pop();
      if (!next) return;
      if (stages_.on_begin) stages_.on_begin(next->result);
      const bool to_read = next->page && !next->result.from_store;
      PageResult result = to_read ? read_page(*next) : std::move(next->result);
      if (problem_of_all_) {
        set_problem(*problem_of_all_);
        return;
      }
      std::int64_t weight = 0;
      if (options_.keep_pictures && next->page) {
        weight = static_cast<std::int64_t>(next->page->image.pixels.size());
        result.picture = std::move(next->page);
      }
      if (!stages_.write_behind) {
        if (!write(std::move(result))) return;
      } else if (!read_.push(std::move(result), weight)) {
        return;
      }
    }
  }

  PageResult read_page(Prepared& prepared) {
    PageFailure failure = PageFailure::kNone;
    auto reading =
        guarded<PageReading>(failure, [&] { return stages_.read(*prepared.page, prepared.ink); });
    PageResult result = std::move(prepared.result);
    if (!reading) {
      if (concerns_all_pages(reading.error().code())) problem_of_all_ = reading.error();
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
  std::optional<Error> problem_of_all_;  // of the middle stage alone
  std::mutex mutex_;
  std::optional<Error> problem_;
};

}  // namespace

Result<void> run_pipeline(const std::vector<InputFile>& inputs, const PipelineOptions& options,
                          const PipelineStages& stages) {
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
