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
#include "ocr/engine/reading.h"
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
  if (!(rule.sure > 0)) {
    return bad_option(
        "no-repeat rule: expected a probability above 0 from which on it lets be, "
        "found " +
        std::to_string(rule.sure));
  }
  return {};
}

Result<void> check_ids(const char* name, std::span<const std::int32_t> ids,
                       std::int64_t vocabulary) {
  for (const std::int32_t id : ids) {
    if (id < 0 || id >= vocabulary) {
      return bad_option(name + std::string(": expected ids from 0 to ") +
                        std::to_string(vocabulary - 1) + ", found " + std::to_string(id));
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

// A page that is being read beside others.
struct Member {
  std::int64_t index;
  std::unique_ptr<Reading> reading;
  Stopwatch watch;
};

// An image token that the network wrote is a token like others.
constexpr std::int32_t kNoImage = -1;

}  // namespace

struct Engine::Data {
  Network network;
  Tokenizer tokenizer;
  ThreadPool& pool;
  const kernels::Table& ops;
  DType cache_type;
  Arena scratch;
  Tensor logits;  // [1, vocabulary]
  std::vector<GrowingCache> spare_caches;

  Data(Network opened, Tokenizer loaded, ThreadPool& threads, const kernels::Table& table,
       DType cache)
      : network(std::move(opened)),
        tokenizer(std::move(loaded)),
        pool(threads),
        ops(table),
        cache_type(cache),
        logits({1, network.spec().decoder.vocabulary}) {}

  GrowingCache take_cache();
  Result<Tensor> encode(std::span<const Page> pages, std::span<const ViewPlan> plans,
                        std::stop_token stop, PageTimings& timings);
  void append(GrowingCache& cache, const Tensor& rows);
  void append(GrowingCache& cache, std::span<const std::int32_t> ids);
  Result<void> start(Reading& reading, TensorView vision);
  Result<std::unique_ptr<Reading>> open(std::span<const Page> pages, const ReadOptions& options);
  void step(std::span<Reading* const> readings, TensorView step_logits);
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

GrowingCache Engine::Data::take_cache() {
  if (spare_caches.empty()) return GrowingCache(cache_type);
  GrowingCache cache = std::move(spare_caches.back());
  spare_caches.pop_back();
  return cache;
}

// The logits of the token after these rows.
void Engine::Data::append(GrowingCache& cache, const Tensor& rows) {
  kernels::Context context{pool, scratch};
  network.decode(ops, context, rows.view(), cache.get(), logits.view());
}

// The logits of the token after these, which the network wrote.
void Engine::Data::append(GrowingCache& cache, std::span<const std::int32_t> ids) {
  kernels::Context context{pool, scratch};
  cache.make_room(network, std::ssize(ids));
  append(cache, network.embed(ops, context, ids, kNoImage, {}));
}

// From the prompt to the first token.
Result<void> Engine::Data::start(Reading& reading, TensorView vision) {
  kernels::Context context{pool, scratch};
  Stopwatch watch;
  const Prompt& prompt = reading.prompt();
  reading.cache().restart(network, std::ssize(prompt.ids));
  append(reading.cache(), network.embed(ops, context, prompt.ids, prompt.image_id, vision));
  reading.page().timings.prefill_ms = watch.lap_ms();
  const std::span<const std::int32_t> prefix = reading.begin();
  if (!prefix.empty()) append(reading.cache(), prefix);
  if (reading.goes_on()) LECTIO_TRY_VOID(reading.choose(logits.floats()));
  return {};
}

// The next token of each, all at once. step_logits has a row each.
void Engine::Data::step(std::span<Reading* const> readings, TensorView step_logits) {
  kernels::Context context{pool, scratch};
  std::vector<std::int32_t> ids;
  std::vector<KvCache*> caches;
  for (Reading* const reading : readings) {
    reading->cache().make_room(network, 1);
    ids.push_back(reading->pending().front());
    caches.push_back(&reading->cache().get());
  }
  const Tensor rows = network.embed(ops, context, ids, kNoImage, {});
  network.step(ops, context, rows.view(), caches, step_logits);
}

Mode auto_mode(const NetworkSpec& spec, std::int64_t width, std::int64_t height,
               std::int64_t characters) {
  constexpr std::int64_t kCharactersAToken = 20;
  if (spec.family == Family::kV2) return Mode::kGundam;
  const std::int64_t longer = std::max(width, height);
  const std::int64_t shorter = std::min(width, height);
  const bool nearly_square = longer <= 2 * shorter;
  const auto fits = [&](std::int64_t side, std::int64_t tokens) {
    return longer <= side && nearly_square && characters <= kCharactersAToken * tokens;
  };
  if (fits(512, 64)) return Mode::kTiny;
  if (fits(640, 100)) return Mode::kSmall;
  return longer <= 1280 || !spec.reads_tiles ? Mode::kBase : Mode::kGundam;
}

Engine::Engine(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::open(const std::filesystem::path& model, ThreadPool& pool,
                            const kernels::Table& ops, const EngineOptions& options) {
  LECTIO_TRY(Network network, Network::open(model, options.vision));
  LECTIO_TRY(Tokenizer tokenizer, Tokenizer::of_model(model));
  if (const auto fits = check_tokenizer(tokenizer, network.spec()); !fits) {
    return fits.error().within(model.string());
  }
  return Engine(
      std::make_unique<Data>(std::move(network), std::move(tokenizer), pool, ops, options.cache));
}

const Network& Engine::network() const { return data_->network; }
const Tokenizer& Engine::tokenizer() const { return data_->tokenizer; }

Result<PageText> Engine::read(const Page& page, const ReadOptions& options) {
  return read(std::span(&page, 1), options);
}

// Everything up to the first token; where it was stopped before, a reading that is over.
Result<std::unique_ptr<Reading>> Engine::Data::open(std::span<const Page> pages,
                                                    const ReadOptions& options) {
  const NetworkSpec& spec = network.spec();
  LECTIO_TRY_VOID(check(options.generate));
  LECTIO_TRY_VOID(check_ids("prefix", options.prefix, spec.decoder.vocabulary));
  LECTIO_TRY_VOID(check_ids("not_first", options.generate.not_first, spec.decoder.vocabulary));

  PageText result;
  std::vector<ViewPlan> plans;
  std::vector<TokenLayout> layouts;
  for (const Page& page : pages) {
    const std::int64_t width = page.image.width;
    const std::int64_t height = page.image.height;
    const Mode mode =
        options.mode.value_or(auto_mode(spec, width, height, options.loops.page_characters));
    LECTIO_TRY(ViewPlan plan, plan_views(spec.family, width, height, mode, options.views));
    result.mode = joined(result.mode, mode_name(mode));
    result.vision_tokens += plan.layout.count();
    result.content_tokens += plan.layout.content_tokens();
    result.valid_tokens += valid_tokens(plan, width, height);
    layouts.push_back(plan.layout);
    plans.push_back(std::move(plan));
  }
  LECTIO_TRY(Prompt prompt, build_prompt(options.prompt, tokenizer, layouts, spec.bos_id));
  result.prompt_tokens = std::ssize(prompt.ids);
  if (result.prompt_tokens >= spec.decoder.max_positions) {
    return Error(ErrorCode::kTooLarge,
                 "prompt of " + std::to_string(result.prompt_tokens) + " tokens: the network has " +
                     std::to_string(spec.decoder.max_positions) + " positions");
  }
  result.finish = FinishReason::kCancelled;
  LECTIO_TRY(const Tensor vision, encode(pages, plans, options.stop, result.timings));
  auto reading = std::make_unique<Reading>(spec, tokenizer, std::move(prompt), options,
                                           std::move(result), take_cache());
  if (!options.stop.stop_requested()) LECTIO_TRY_VOID(start(*reading, vision.view()));
  return reading;
}

Result<PageText> Engine::read(std::span<const Page> pages, const ReadOptions& options) {
  Data& data = *data_;
  LECTIO_TRY(const std::unique_ptr<Reading> reading, data.open(pages, options));
  Stopwatch watch;
  while (reading->goes_on()) {
    data.append(reading->cache(), reading->pending());
    LECTIO_TRY_VOID(reading->choose(data.logits.floats()));
  }
  reading->page().timings.decode_ms = watch.lap_ms();
  data.spare_caches.push_back(std::move(reading->cache()));
  return std::move(reading->page());
}

void Engine::read_many(std::int64_t together, const std::function<std::optional<ReadJob>()>& next,
                       const std::function<void(std::int64_t, Result<PageText>)>& done) {
  LECTIO_CHECK(together >= 1, std::to_string(together));
  Data& data = *data_;
  const Tensor logits({together, data.network.spec().decoder.vocabulary});
  std::vector<Member> members;
  std::int64_t count = 0;
  const auto finish = [&](Member& member) {
    member.reading->page().timings.decode_ms = member.watch.lap_ms();
    data.spare_caches.push_back(std::move(member.reading->cache()));
    done(member.index, std::move(member.reading->page()));
  };
  for (bool more = true; more || !members.empty();) {
    while (std::ssize(members) < together) {
      const std::optional<ReadJob> job = next();
      more = job.has_value();
      if (!more) break;
      auto reading = data.open(std::span(job->page, 1), job->options);
      const std::int64_t index = count++;
      if (reading) {
        members.push_back({index, *std::move(reading), {}});
      } else {
        done(index, reading.error());
      }
    }
    std::vector<Reading*> going;
    std::erase_if(members, [&](Member& member) {
      if (member.reading->goes_on()) {
        going.push_back(member.reading.get());
        return false;
      }
      finish(member);
      return true;
    });
    if (going.empty()) continue;
    data.step(going, logits.view().row_range(0, std::ssize(going)));
    for (std::size_t i = members.size(); i-- > 0;) {
      const TensorView row = logits.view().row_range(static_cast<std::int64_t>(i), 1);
      const Result<void> chosen = members[i].reading->choose(row.floats());
      if (chosen) continue;
      done(members[i].index, chosen.error());
      members.erase(members.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

}  // namespace lectio
