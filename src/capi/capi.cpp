// SPDX-License-Identifier: Apache-2.0
// The C interface (include/lectio/lectio.h) over the engine: errors become codes, exceptions end
// here.
#include <lectio/lectio.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <stop_token>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/thread_pool.h"
#include "compute/kernels/kernels.h"
#include "ocr/engine/engine.h"
#include "ocr/generate/no_repeat_presets.h"
#include "ocr/ink/ink.h"
#include "ocr/reader/careful.h"
#include "ocr/sources/source.h"
#include "ocr/verdict/evidence_json.h"

struct lectio_engine {
  std::unique_ptr<lectio::ThreadPool> pool;
  lectio::Engine engine;
};

struct lectio_result {
  lectio::PageReading reading;
  std::string verdict;
  std::string evidence;
};

namespace lectio {
namespace {

lectio_status status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return LECTIO_INVALID_ARGUMENT;
    case ErrorCode::kInvalidInput:
    case ErrorCode::kNotFound:
    case ErrorCode::kTooLarge:
    case ErrorCode::kUnsupported:
      return LECTIO_INVALID_INPUT;
    case ErrorCode::kInvalidModel:
      return LECTIO_INVALID_MODEL;
    case ErrorCode::kIo:
      return LECTIO_IO;
    case ErrorCode::kEncrypted:
      return LECTIO_ENCRYPTED;
    case ErrorCode::kMissingProgram:
      return LECTIO_MISSING_PROGRAM;
    case ErrorCode::kCancelled:
      return LECTIO_CANCELLED;
  }
  return LECTIO_INTERNAL;
}

void fill(lectio_error* error, lectio_status status, const std::string& message) {
  if (error == nullptr) return;
  error->status = status;
  const std::size_t kept = std::min(message.size(), sizeof(error->message) - 1);
  std::memcpy(error->message, message.data(), kept);
  error->message[kept] = '\0';
}

// The job's value, or `otherwise` and the error filled in.
template <typename T, typename Job>
T guarded(lectio_error* error, T otherwise, const Job& job) {
  fill(error, LECTIO_OK, "");
  try {
    auto result = job();
    if (result) return *std::move(result);
    fill(error, status_of(result.error().code()), result.error().message());
  } catch (const std::bad_alloc&) {
    fill(error, LECTIO_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& problem) {
    fill(error, LECTIO_INTERNAL, problem.what());
  }
  return otherwise;
}

Error bad_argument(const char* message) { return Error(ErrorCode::kInvalidArgument, message); }

// What the caller set, with defaults for fields that its version of the struct does not have.
Result<lectio_options> complete(const lectio_options* given) {
  lectio_options options;
  lectio_options_init(&options);
  if (given == nullptr) return options;
  if (given->size < sizeof(std::size_t) || given->size > 4096) {
    return bad_argument("options: expected a struct from lectio_options_init");
  }
  std::memcpy(&options, given, std::min(given->size, sizeof(options)));
  options.size = sizeof(options);
  return options;
}

Result<CarefulOptions> careful_options(const lectio_engine& handle, const lectio_options& options) {
  CarefulOptions careful;
  ReadOptions& read = careful.read;
  if (options.mode != nullptr) {
    read.mode = mode_from_name(options.mode);
    if (!read.mode)
      return bad_argument("mode: expected tiny, small, base, large, gundam or gundam-m");
  }
  if (options.prompt != nullptr) read.prompt = options.prompt;
  read.generate.max_tokens = options.max_tokens;
  read.generate.temperature = options.temperature;
  read.generate.seed = options.seed;
  careful.recover = options.recover != 0;
  careful.no_repeat = no_repeat_rule(NoRepeatPreset::kImage, handle.engine.network().spec().family,
                                     handle.engine.tokenizer());
  careful.own_no_repeat =
      own_no_repeat_rule(handle.engine.network().spec(), handle.engine.tokenizer());
  for (const char* tag : {"<td>", "</td>", "<tr>", "</tr>"}) {
    if (const auto id = handle.engine.tokenizer().id_of(tag)) careful.structural.push_back(*id);
  }
  return careful;
}

Result<lectio_result*> read_page(lectio_engine& handle, const Page& page,
                                 const lectio_options& options) {
  LECTIO_TRY(CarefulOptions careful, careful_options(handle, options));
  std::stop_source stop;
  careful.read.stop = stop.get_token();
  if (options.on_text != nullptr) {
    careful.read.on_text = [&](std::string_view piece) {
      if (options.on_text(piece.data(), piece.size(), options.user) != 0) stop.request_stop();
    };
  }
  const AskModel ask = [&handle](const Page& asked, const ReadOptions& how) {
    return handle.engine.read(asked, how);
  };
  LECTIO_TRY(PageReading reading, read_carefully(page, look_at_ink(page.image), careful, ask));
  if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped by on_text");
  auto result = std::make_unique<lectio_result>();
  result->verdict = verdict_name(reading.verdict);
  result->evidence = to_json(reading.evidence);
  result->reading = std::move(reading);
  return result.release();
}

SourceOptions source_options(const lectio_options& options) {
  SourceOptions sources;
  if (options.mode != nullptr) sources.mode = mode_from_name(options.mode);
  if (options.dpi > 0) sources.dpi = options.dpi;
  return sources;
}

Result<lectio_result*> read_source(lectio_engine& handle, PageSource& source, std::int64_t index,
                                   const lectio_options& options) {
  if (index < 0 || index >= source.count()) {
    return Error(ErrorCode::kInvalidArgument, "page: expected 0 to " +
                                                  std::to_string(source.count() - 1) + ", found " +
                                                  std::to_string(index));
  }
  LECTIO_TRY(const Page page, source.page(index));
  return read_page(handle, page, options);
}

Result<Page> page_of(const std::uint8_t* pixels, std::int64_t width, std::int64_t height,
                     std::int64_t stride) {
  constexpr std::int64_t kMostSide = 65'500;
  if (pixels == nullptr || width < 1 || height < 1 || width > kMostSide || height > kMostSide ||
      stride < 3 * width) {
    return bad_argument("pixels: expected rows of width * 3 bytes, at most 65,500 pixels a side");
  }
  Page page;
  page.source = "pixels";
  page.image = Image(width, height);
  for (std::int64_t y = 0; y < height; ++y) {
    std::memcpy(page.image.row(y), pixels + y * stride, static_cast<std::size_t>(3 * width));
  }
  return page;
}

}  // namespace
}  // namespace lectio

using lectio::Result;

const char* lectio_version(void) { return LECTIO_VERSION; }

void lectio_options_init(lectio_options* options) {
  if (options == nullptr) return;
  *options = {};
  options->size = sizeof(*options);
  options->max_tokens = lectio::GenerateOptions().max_tokens;
  options->recover = 1;
}

lectio_engine* lectio_engine_open(const char* model_folder, int threads, lectio_error* error) {
  return lectio::guarded<lectio_engine*>(error, nullptr, [&]() -> Result<lectio_engine*> {
    if (model_folder == nullptr) return lectio::bad_argument("model_folder: expected a path");
    if (threads < 0 || threads > 1024) return lectio::bad_argument("threads: expected 0 to 1024");
    auto pool = std::make_unique<lectio::ThreadPool>(threads);
    LECTIO_TRY(lectio::Engine engine,
               lectio::Engine::open(model_folder, *pool, lectio::kernels::for_this_cpu()));
    return new lectio_engine{std::move(pool), std::move(engine)};
  });
}

void lectio_engine_close(lectio_engine* engine) { delete engine; }

int64_t lectio_count_pages(const char* path, lectio_error* error) {
  return lectio::guarded<std::int64_t>(error, -1, [&]() -> Result<std::int64_t> {
    if (path == nullptr) return lectio::bad_argument("path: expected one");
    LECTIO_TRY(const auto source, lectio::open_source(path, {}));
    return source->count();
  });
}

lectio_result* lectio_read_file(lectio_engine* engine, const char* path, int64_t page,
                                const lectio_options* options, lectio_error* error) {
  return lectio::guarded<lectio_result*>(error, nullptr, [&]() -> Result<lectio_result*> {
    if (engine == nullptr || path == nullptr) {
      return lectio::bad_argument("engine and path: expected both");
    }
    LECTIO_TRY(const lectio_options how, lectio::complete(options));
    LECTIO_TRY(const auto source, lectio::open_source(path, lectio::source_options(how)));
    return lectio::read_source(*engine, *source, page, how);
  });
}

lectio_result* lectio_read_bytes(lectio_engine* engine, const void* bytes, size_t size,
                                 int64_t page, const lectio_options* options, lectio_error* error) {
  return lectio::guarded<lectio_result*>(error, nullptr, [&]() -> Result<lectio_result*> {
    if (engine == nullptr || (bytes == nullptr && size > 0)) {
      return lectio::bad_argument("engine and bytes: expected both");
    }
    LECTIO_TRY(const lectio_options how, lectio::complete(options));
    std::string copy(static_cast<const char*>(bytes), size);
    LECTIO_TRY(const auto source,
               lectio::open_source_bytes(std::move(copy), "bytes", lectio::source_options(how)));
    return lectio::read_source(*engine, *source, page, how);
  });
}

lectio_result* lectio_read_rgb(lectio_engine* engine, const uint8_t* pixels, int64_t width,
                               int64_t height, int64_t stride, const lectio_options* options,
                               lectio_error* error) {
  return lectio::guarded<lectio_result*>(error, nullptr, [&]() -> Result<lectio_result*> {
    if (engine == nullptr) return lectio::bad_argument("engine: expected one");
    LECTIO_TRY(const lectio_options how, lectio::complete(options));
    LECTIO_TRY(const lectio::Page page, lectio::page_of(pixels, width, height, stride));
    return lectio::read_page(*engine, page, how);
  });
}

void lectio_result_free(lectio_result* result) { delete result; }

const char* lectio_result_text(const lectio_result* result) {
  return result->reading.text.text.c_str();
}
size_t lectio_result_text_bytes(const lectio_result* result) {
  return result->reading.text.text.size();
}
const char* lectio_result_verdict(const lectio_result* result) { return result->verdict.c_str(); }
const char* lectio_result_evidence_json(const lectio_result* result) {
  return result->evidence.c_str();
}
double lectio_result_confidence(const lectio_result* result) {
  return result->reading.evidence.confidence.value_or(-1);
}
int64_t lectio_result_vision_tokens(const lectio_result* result) {
  return result->reading.text.vision_tokens;
}
int64_t lectio_result_tokens(const lectio_result* result) {
  return static_cast<int64_t>(result->reading.text.ids.size());
}
