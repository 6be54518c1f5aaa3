// SPDX-License-Identifier: Apache-2.0
#include "ocr/engine/engine.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "ocr/engine/growing_cache.h"
#include "ocr/engine/text_writer.h"
#include "ocr/generate/repeat_guard.h"
#include "ocr/prompt/prompt.h"

namespace lectio {
namespace {

// Milliseconds since the last lap.
class Stopwatch {
 public:
  double lap_ms() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double, std::milli>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// "base" and "tiny" to "base+tiny"; equal ones once.
std::string joined(const std::string& modes, std::string_view mode) {
  if (modes.empty()) return std::string(mode);
  return modes == mode ? modes : modes + "+" + std::string(mode);
}

Error bad_option(const std::string& message) { return Error(ErrorCode::kInvalidArgument, message); }

Result<void> check(const GenerateOptions& options) {
  if (options.max_tokens < 0) {
    return bad_option("max_tokens: expected 0 or more, found " +
                      std::to_string(options.max_tokens));
  }
  if (!(options.temperature >= 0) || !std::isfinite(options.temperature)) {
    return bad_option("temperature: expected a number from 0 on, found " +
                      std::to_string(options.temperature));
  }
  const NoRepeatRule& rule = options.no_repeat;
  if (rule.kind != NoRepeatRule::Kind::kNone && (rule.n < 1 || rule.window < 0)) {
    return bad_option("no-repeat rule: expected n >= 1 and window >= 0, found " +
                      std::to_string(rule.n) + " and " + std::to_string(rule.window));
  }
  return {};
}

Result<void> check_prefix(std::span<const std::int32_t> prefix, std::int64_t vocabulary) {
  for (const std::int32_t id : prefix) {
    if (id < 0 || id >= vocabulary) {
      return bad_option("prefix: expected ids from 0 to " + std::to_string(vocabulary - 1) +
                        ", found " + std::to_string(id));
    }
  }
  return {};
}

// Every id that the tokenizer can give must have a row in the embedding table, and a page must have
// a place.
Result<void> check_tokenizer(const Tokenizer& tokenizer, const NetworkSpec& spec) {
  const std::int64_t vocabulary = spec.decoder.vocabulary;
  if (tokenizer.size() > vocabulary) {
    return Error(ErrorCode::kInvalidModel,
                 "tokenizer.json: ids up to " + std::to_string(tokenizer.size() - 1) +
                     ", but config.json: vocab_size " + std::to_string(vocabulary));
  }
  const std::optional<TokenId> image_id = tokenizer.id_of(kImageMark);
  if (image_id == spec.bos_id) {
    return Error(ErrorCode::kInvalidModel, "config.json: bos_token_id " +
                                               std::to_string(spec.bos_id) +
                                               " is tokenizer.json's '<image>'");
  }
  if (!image_id) {
    return Error(ErrorCode::kInvalidModel,
                 "tokenizer.json: expected a token '<image>', found none");
  }
  return {};
}

}  // namespace

struct Engine::Data {
  Network network;
  Tokenizer tokenizer;
  ThreadPool& pool;
  const kernels::Table& ops;
  Arena scratch;
  Tensor logits;  // [1, vocabulary]
  GrowingCache cache;

  Data(Network opened, Tokenizer loaded, ThreadPool& threads, const kernels::Table& table)
      : network(std::move(opened)),
        tokenizer(std::move(loaded)),
        pool(threads),
        ops(table),
        logits({1, network.spec().decoder.vocabulary}) {}

  void prefill(const Prompt& prompt, TensorView vision);
  void append(std::span<const std::int32_t> ids);
  Result<Tensor> encode(std::span<const Page> pages, std::span<const ViewPlan> plans,
                        std::stop_token stop, PageTimings& timings);
  Result<FinishReason> generate(const Prompt& prompt, const ReadOptions& options, PageText& page);
};

// The decoder's rows for all vision tokens of the pages, in order; empty where it was stopped.
Result<Tensor> Engine::Data::encode(std::span<const Page> pages, std::span<const ViewPlan> plans,
                                    std::stop_token stop, PageTimings& timings) {
  Stopwatch watch;
  kernels::Context context{pool, scratch};
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    LECTIO_TRY(const Views views, cut(pages[i].image, plans[i]));
    timings.views_ms += watch.lap_ms();
    if (stop.stop_requested()) return Tensor();
    parts.push_back(
        network.encode(ops, context, views.global.view(), views.tiles.view(), views.layout));
    timings.encode_ms += watch.lap_ms();
  }
  if (parts.size() == 1) return std::move(parts.front());
  std::int64_t rows = 0;
  for (const Tensor& part : parts) rows += part.shape()[0];
  Tensor all({rows, network.spec().decoder.width});
  float* to = all.f32();
  for (const Tensor& part : parts) {
    const auto numbers = part.floats();
    to = std::copy(numbers.begin(), numbers.end(), to);
  }
  return all;
}

// The logits of the first token.
void Engine::Data::prefill(const Prompt& prompt, TensorView vision) {
  kernels::Context context{pool, scratch};
  const auto length = static_cast<std::int64_t>(prompt.ids.size());
  cache.restart(network, length);
  const Tensor rows = network.embed(ops, context, prompt.ids, prompt.image_id, vision);
  network.decode(ops, context, rows.view(), cache.get(), logits.view());
}

// The logits of the token after these, which the network wrote.
void Engine::Data::append(std::span<const std::int32_t> ids) {
  constexpr std::int32_t kNoImage =
      -1;  // an image token that the network wrote is a token like others
  kernels::Context context{pool, scratch};
  cache.make_room(network, static_cast<std::int64_t>(ids.size()));
  const Tensor rows = network.embed(ops, context, ids, kNoImage, {});
  network.decode(ops, context, rows.view(), cache.get(), logits.view());
}

// From the logits of the first token to the end of the text.
Result<FinishReason> Engine::Data::generate(const Prompt& prompt, const ReadOptions& options,
                                            PageText& page) {
  const NetworkSpec& spec = network.spec();
  const std::int64_t positions_left =
      spec.decoder.max_positions - static_cast<std::int64_t>(prompt.ids.size());
  const std::int64_t most = std::min(options.generate.max_tokens, positions_left);
  const auto begun = static_cast<std::int64_t>(options.prefix.size());
  RepeatGuard guard(options.generate.no_repeat, prompt.ids, std::max(most, begun));
  LoopDetector loops(options.loops, [this](std::int32_t id) { return tokenizer.token_bytes(id); });
  TextWriter writer(tokenizer, page, options.on_text);
  Random random(options.generate.seed);

  const auto most_tokens = static_cast<std::size_t>(std::max(most, begun));
  page.ids.reserve(most_tokens);
  page.log_probabilities.reserve(most_tokens);
  page.text_ends.reserve(most_tokens);
  writer.begin_with(options.prefix, options.prefix_log_probabilities);
  for (const std::int32_t id : options.prefix) {
    guard.push(id);
    if (loops.push(id)) return bad_option("prefix: it holds a loop");
  }
  if (begun > 0 && begun < most) append(options.prefix);
  while (static_cast<std::int64_t>(page.ids.size()) < most) {
    if (options.stop.stop_requested()) return writer.finish(FinishReason::kCancelled);
    if (static_cast<std::int64_t>(page.ids.size()) > begun) append(std::span(&page.ids.back(), 1));
    const double log_sum = log_sum_exp(logits.floats());  // before a rule bans anything
    const std::int32_t id =
        choose_token(logits.floats(), guard.banned(), options.generate.temperature, random);
    const float logit = logits.floats()[static_cast<std::size_t>(id)];
    if (!std::isfinite(logit)) {
      return Error(ErrorCode::kInvalidModel,
                   "the network gave no finite logit for token " + std::to_string(page.ids.size()));
    }
    if (id == spec.eos_id) return writer.finish(FinishReason::kStop);
    guard.push(id);
    ++page.generated_tokens;
    if (loops.push(id)) return writer.finish_loop(*loops.found());
    const auto log_probability = static_cast<float>(static_cast<double>(logit) - log_sum);
    writer.push(id, log_probability, loops.settled());
  }
  return writer.finish(most == options.generate.max_tokens ? FinishReason::kMaxTokens
                                                           : FinishReason::kMaxContext);
}

Mode auto_mode(const NetworkSpec& spec, std::int64_t width, std::int64_t height) {
  if (spec.family == Family::kV2) return Mode::kGundam;
  const std::int64_t longer = std::max(width, height);
  const std::int64_t shorter = std::min(width, height);
  const bool nearly_square = longer <= 2 * shorter;
  if (longer <= 512 && nearly_square) return Mode::kTiny;
  if (longer <= 640 && nearly_square) return Mode::kSmall;
  return longer <= 1280 || !spec.reads_tiles ? Mode::kBase : Mode::kGundam;
}

Engine::Engine(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::open(const std::filesystem::path& model, ThreadPool& pool,
                            const kernels::Table& ops, const std::filesystem::path& vision) {
  LECTIO_TRY(Network network, Network::open(model, vision));
  LECTIO_TRY(Tokenizer tokenizer, Tokenizer::of_model(model));
  if (const auto fits = check_tokenizer(tokenizer, network.spec()); !fits) {
    return fits.error().within(model.string());
  }
  return Engine(std::make_unique<Data>(std::move(network), std::move(tokenizer), pool, ops));
}

const Network& Engine::network() const { return data_->network; }
const Tokenizer& Engine::tokenizer() const { return data_->tokenizer; }

Result<PageText> Engine::read(const Page& page, const ReadOptions& options) {
  return read(std::span(&page, 1), options);
}

Result<PageText> Engine::read(std::span<const Page> pages, const ReadOptions& options) {
  Data& data = *data_;
  const NetworkSpec& spec = data.network.spec();
  LECTIO_TRY_VOID(check(options.generate));
  LECTIO_TRY_VOID(check_prefix(options.prefix, spec.decoder.vocabulary));

  Stopwatch watch;
  PageText result;
  std::vector<ViewPlan> plans;
  std::vector<TokenLayout> layouts;
  for (const Page& page : pages) {
    const std::int64_t width = page.image.width;
    const std::int64_t height = page.image.height;
    const Mode mode = options.mode.value_or(auto_mode(spec, width, height));
    LECTIO_TRY(ViewPlan plan, plan_views(spec.family, width, height, mode, options.views));
    result.mode = joined(result.mode, mode_name(mode));
    result.vision_tokens += plan.layout.count();
    result.content_tokens += plan.layout.content_tokens();
    result.valid_tokens += valid_tokens(plan, width, height);
    layouts.push_back(plan.layout);
    plans.push_back(std::move(plan));
  }
  LECTIO_TRY(const Prompt prompt,
             build_prompt(options.prompt, data.tokenizer, layouts, spec.bos_id));
  result.prompt_tokens = static_cast<std::int64_t>(prompt.ids.size());
  if (result.prompt_tokens >= spec.decoder.max_positions) {
    return Error(ErrorCode::kTooLarge,
                 "prompt of " + std::to_string(result.prompt_tokens) + " tokens: the network has " +
                     std::to_string(spec.decoder.max_positions) + " positions");
  }
  result.finish = FinishReason::kCancelled;
  LECTIO_TRY(const Tensor vision, data.encode(pages, plans, options.stop, result.timings));
  if (options.stop.stop_requested()) return result;
  watch.lap_ms();
  data.prefill(prompt, vision.view());
  result.timings.prefill_ms = watch.lap_ms();

  LECTIO_TRY(result.finish, data.generate(prompt, options, result));
  result.timings.decode_ms = watch.lap_ms();
  return result;
}

}  // namespace lectio
