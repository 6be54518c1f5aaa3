// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/session.h"

#include <cstdio>
#include <exception>
#include <new>
#include <utility>

#include "apps/cli/memory.h"
#include "apps/cli/model_folder.h"
#include "base/log.h"
#include "ocr/ink/ink.h"
#include "pipeline/fingerprint.h"

namespace lectio::cli {

Result<const kernels::Table*> find_kernels(const std::string& name) {
  if (const kernels::Table* const table = kernels::by_name(name)) return table;
  std::string known = "auto";
  for (const std::string_view available : kernels::available()) {
    known += ", " + std::string(available);
  }
  return Error(ErrorCode::kInvalidArgument,
               "--kernels: expected one of " + known + " on this machine, found '" + name + "'");
}

namespace {

// Prose repeats itself in other ways than documents do: there the rule of the runner that the
// authors show these tasks with, elsewhere the one that lets table cells repeat.
NoRepeatPreset no_repeat_of(const ReadingArguments& arguments) {
  if (arguments.no_repeat) return *arguments.no_repeat;
  if (!arguments.task) return NoRepeatPreset::kImage;
  const Task::Kind kind = arguments.task->kind;
  const bool prose = kind == Task::Kind::kDescribe || kind == Task::Kind::kLocate;
  return prose ? NoRepeatPreset::kHuggingFace : NoRepeatPreset::kImage;
}

NoRepeatRule rule_of(const ReadingArguments& arguments, const Engine& engine) {
  return no_repeat_rule(no_repeat_of(arguments), engine.network().spec().family,
                        engine.tokenizer());
}

// A prompt that asks for a phrase or a description leaves most of the page out on purpose; one that
// the user has written may.
bool asks_for_the_whole_page(const ReadingArguments& arguments) {
  if (!arguments.task) return arguments.prompt == ReadingArguments().prompt;
  const Task::Kind kind = arguments.task->kind;
  return kind == Task::Kind::kMarkdown || kind == Task::Kind::kText || kind == Task::Kind::kOcr;
}

UnreadHandling unread_handling(const ReadArguments& arguments) {
  if (!asks_for_the_whole_page(arguments.reading)) return UnreadHandling::kOff;
  switch (arguments.unread) {
    case UnreadInkHandling::kRead:
      return UnreadHandling::kRead;
    case UnreadInkHandling::kMark:
      return UnreadHandling::kMark;
    case UnreadInkHandling::kOff:
      return UnreadHandling::kOff;
  }
  return UnreadHandling::kOff;
}

}  // namespace

Result<Session> open_session(const ReadingArguments& arguments, std::stop_token stop) {
  LECTIO_TRY(const kernels::Table* const ops, find_kernels(arguments.kernels));
  LECTIO_TRY(const std::filesystem::path folder, model_folder(arguments.model));
  auto pool = std::make_unique<ThreadPool>(arguments.threads);
  auto engine =
      Engine::open(folder, *pool, *ops, {.vision = arguments.vision, .cache = arguments.cache});
  if (!engine) return Error(ErrorCode::kInvalidModel, engine.error().message());
  log(LogLevel::kDebug, folder.string() + ": " + std::to_string(engine->network().parameters()) +
                            " parameters, kernels " + ops->name + ", " +
                            std::to_string(pool->threads()) + " threads");

  ReadOptions options;
  options.mode = arguments.mode;
  options.prompt = arguments.prompt;
  options.generate.max_tokens = arguments.max_tokens;
  options.generate.temperature = arguments.temperature;
  options.generate.seed = arguments.seed;
  const NetworkSpec& spec = engine->network().spec();
  options.generate.no_repeat = spec.bars_unsure_repeats && !arguments.no_repeat
                                   ? own_no_repeat_rule(spec, engine->tokenizer())
                                   : rule_of(arguments, *engine);
  options.views.max_tiles = arguments.max_tiles;
  options.stop = std::move(stop);
  return Session{std::move(pool), *std::move(engine), std::move(options), folder,
                 std::string(ops->name)};
}

Result<std::optional<Session>> open_session_to_read(const ReadArguments& arguments,
                                                    std::stop_token stop) {
  std::optional<Session> session;
  if (arguments.text_layer == TextLayerUse::kOnly) return session;
  LECTIO_TRY(session, open_session(arguments.reading, std::move(stop)));
  return session;
}

CarefulOptions careful_options(const Session& session, const ReadArguments& arguments) {
  const NetworkSpec& spec = session.engine.network().spec();
  CarefulOptions options;
  options.read = session.options;
  options.watch = arguments.loops != LoopHandling::kOff;
  options.recover = arguments.loops == LoopHandling::kRecover;
  options.ask_blank = arguments.ask_blank;
  options.unread = unread_handling(arguments);
  options.no_repeat = rule_of(arguments.reading, session.engine);
  // A rule against repetition damages what really repeats, or hides that the print cannot be made
  // out; it comes when a loop has shown itself.
  if (options.recover && !arguments.reading.no_repeat) {
    options.read.generate.no_repeat = {};
    options.own_no_repeat = own_no_repeat_rule(spec, session.engine.tokenizer());
  }
  options.larger_modes = spec.family == Family::kV1 ? std::vector{Mode::kBase, Mode::kLarge}
                                                    : std::vector{Mode::kBase};
  if (spec.reads_tiles) options.larger_modes.push_back(Mode::kGundam);
  for (const char* tag : {"<td>", "</td>", "<tr>", "</tr>"}) {
    if (const auto id = session.engine.tokenizer().id_of(tag)) options.structural.push_back(*id);
  }
  return options;
}

Result<std::string> reading_key(const std::optional<Session>& session,
                                const ReadArguments& arguments) {
  if (!session) return std::string("text layer alone");
  LECTIO_TRY(const std::string model, fingerprint(session->model));
  const CarefulOptions options = careful_options(*session, arguments);
  const GenerateOptions& generate = options.read.generate;
  const auto rule = [](const NoRepeatRule& no_repeat) {
    return std::to_string(static_cast<int>(no_repeat.kind)) + "/" + std::to_string(no_repeat.n) +
           "/" + std::to_string(no_repeat.window) +
           (no_repeat.sure > 1 ? "" : "/" + std::to_string(no_repeat.sure));
  };
  const auto& mode = options.read.mode;
  char numbers[64];
  std::snprintf(numbers, sizeof(numbers), "%.17g", generate.temperature);
  const std::string layer =
      arguments.text_layer == TextLayerUse::kIgnore
          ? ""
          : "; text layer " + std::to_string(static_cast<int>(arguments.text_layer));
  // As it was before there was a choice, so that results that are kept go on to count.
  const std::string cache = arguments.reading.cache == DType::kF16
                                ? ""
                                : std::string("; cache ") + dtype_name(arguments.reading.cache);
  return "model " + model + "; mode " + std::string(mode ? mode_name(*mode) : "auto") +
         "; max tokens " + std::to_string(generate.max_tokens) + "; temperature " + numbers +
         "; seed " + std::to_string(generate.seed) + "; rule " + rule(generate.no_repeat) +
         "; tiles " + std::to_string(options.read.views.max_tiles) + "; watch " +
         std::to_string(static_cast<int>(options.watch)) + "; recover " +
         std::to_string(static_cast<int>(options.recover)) + " " + rule(options.no_repeat) +
         "; blank " + std::to_string(static_cast<int>(options.ask_blank)) + "; unread " +
         std::to_string(static_cast<int>(options.unread)) + layer + cache + "; kernels " +
         session->kernels + "; prompt " + options.read.prompt;
}

PageOutcome attempt(const std::function<Result<PageText>()>& job) {
  PageOutcome outcome;
  try {
    auto text = job();
    if (text) {
      outcome.text = *std::move(text);
    } else {
      outcome.code = exit_code_of(text.error().code());
      outcome.error = text.error().message();
    }
  } catch (const std::bad_alloc&) {
    outcome.code = kExitMemory;
    outcome.error = "out of memory";
  } catch (const std::exception& problem) {
    outcome.code = kExitOther;
    outcome.error = std::string("internal error: ") + problem.what();
  }
  return outcome;
}

Result<PageText> attempt_page(const std::function<Result<PageText>()>& job) {
  PageOutcome outcome = attempt(job);
  if (outcome.code != kExitOk) return Error(ErrorCode::kInvalidInput, outcome.error);
  return std::move(outcome.text);
}

PageReader page_reader(Session& session) {
  return [&session](const Page& page) {
    return attempt_page([&] { return session.engine.read(page, session.options); });
  };
}

std::function<Result<PageReading>(const Page&)> careful_reader(Session& session,
                                                               const ReadingArguments& arguments) {
  ReadArguments read;
  read.reading = arguments;
  return [&session, careful = careful_options(session, read)](const Page& page) {
    const AskModel ask = [&session](const Page& asked, const ReadOptions& options) {
      return session.engine.read(asked, options);
    };
    return read_carefully(page, look_at_ink(page.image), careful, ask);
  };
}

double tokens_a_second(std::int64_t tokens, double milliseconds) {
  return milliseconds > 0 ? 1000 * static_cast<double>(tokens) / milliseconds : 0;
}

std::string summary_of(const PageText& text) {
  const PageTimings& ms = text.timings;
  const double total_ms = ms.views_ms + ms.encode_ms + ms.prefill_ms + ms.decode_ms;
  char line[320];
  std::snprintf(line, sizeof(line),
                "%s, %lld vision tokens; %zu tokens, %s; %.2f s: views %.2f, encode %.2f, prefill "
                "%.2f (%.1f tokens/s), decode %.2f (%.1f tokens/s); peak memory %.2f GB",
                text.mode.c_str(), static_cast<long long>(text.vision_tokens), text.ids.size(),
                finish_reason_name(text.finish), total_ms / 1000, ms.views_ms / 1000,
                ms.encode_ms / 1000, ms.prefill_ms / 1000,
                tokens_a_second(text.prompt_tokens, ms.prefill_ms), ms.decode_ms / 1000,
                tokens_a_second(text.generated_tokens, ms.decode_ms),
                static_cast<double>(peak_memory_bytes()) / 1e9);
  return line;
}

}  // namespace lectio::cli
