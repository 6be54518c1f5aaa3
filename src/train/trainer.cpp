// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "train/checkpoint.h"
#include "train/controls.h"
#include "train/export_model.h"
#include "train/inputs.h"
#include "train/loader.h"
#include "train/progress.h"
#include "train/replica.h"

namespace lectio::train {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// What the replicas agree on between two barriers.
struct Decision {
  double learning_rate = 0;
  bool stop = false;
};

class Run {
 public:
  Run(const TrainOptions& options, const Recipe& recipe, const Inputs& inputs)
      : options_(options),
        recipe_(recipe),
        inputs_(inputs) {}

  Result<void> prepare();
  Result<void> execute();

 private:
  Decision decide() const;
  void replica_loop(std::size_t index, std::barrier<>& barrier);
  void after_step(const Batch& batch, LossTerms terms, const torch::Tensor& norm);
  void read_progress();
  void run_controls();
  Result<void> save();
  void write_line(const Json& line);

  const TrainOptions& options_;
  const Recipe& recipe_;
  const Inputs& inputs_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::unique_ptr<Loader> loader_;
  std::vector<ControlSet> controls_;
  std::ofstream log_;
  RunState state_;
  Progress progress_;
  Decision decision_;
  std::int64_t first_step_ = 0;
  Clock::time_point begin_, last_control_, last_save_;
  double waited_at_last_read_ = 0;
  std::exception_ptr failure_;
  std::atomic<bool> failed_{false};
};

Result<void> Run::prepare() {
  for (const std::string& name : options_.devices) {
    replicas_.push_back(std::make_unique<Replica>(recipe_, torch::Device(name)));
  }
  const std::filesystem::path checkpoint = options_.out / "checkpoint.safetensors";
  if (options_.resume && std::filesystem::exists(checkpoint)) {
    for (const auto& replica : replicas_) {
      LECTIO_TRY(state_, load_checkpoint(checkpoint, *replica));
    }
    log(LogLevel::kInfo, "resumed at step " + std::to_string(state_.step) + ", level " +
                             std::to_string(state_.level));
  } else if (!options_.init_from.empty()) {
    for (const auto& replica : replicas_)
      LECTIO_TRY_VOID(load_model(options_.init_from, recipe_, *replica));
  }
  if (options_.first_level >= 0) state_.level = options_.first_level;
  const auto last_level = static_cast<std::int64_t>(recipe_.levels.size()) - 1;
  if (state_.level > last_level) {
    return Error(ErrorCode::kInvalidArgument, "level: expected at most " +
                                                  std::to_string(last_level) + ", found " +
                                                  std::to_string(state_.level));
  }
  log_.open(options_.out / "log.jsonl", std::ios::app);
  if (!log_) return Error(ErrorCode::kIo, (options_.out / "log.jsonl").string() + ": cannot open");
  controls_ = draw_controls(recipe_.levels, inputs_.seen(), inputs_.unseen());
  const int threads = options_.threads > 0
                          ? options_.threads
                          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()) -
                                            static_cast<int>(replicas_.size()));
  const auto count = static_cast<std::int64_t>(replicas_.size());
  const bool pin = replicas_.front()->parameters().master().is_cuda();
  loader_ = std::make_unique<Loader>(recipe_, inputs_.seen(), count, threads, state_.step * count,
                                     state_.level, pin);
  return {};
}

Decision Run::decide() const {
  const double total = options_.minutes * 60.0, elapsed = seconds_since(begin_);
  Decision decision;
  decision.stop = elapsed >= total || options_.stop.stop_requested() || failed_.load() ||
                  (options_.max_steps > 0 && state_.step - first_step_ >= options_.max_steps);
  const double base = options_.learning_rate > 0 ? options_.learning_rate : recipe_.learning_rate;
  const double warm =
      std::min(1.0, static_cast<double>(state_.step - first_step_ + 1) /
                        static_cast<double>(std::max<std::int64_t>(recipe_.warm_up_steps, 1)));
  const double falling = options_.decay_share * total;
  const double left = std::max(0.0, total - elapsed);
  decision.learning_rate = base * warm * (falling > 0 ? std::min(1.0, left / falling) : 1.0);
  return decision;
}

void Run::replica_loop(std::size_t index, std::barrier<>& barrier) {
  Replica& replica = *replicas_[index];
  const auto count = static_cast<std::int64_t>(replicas_.size());
  const bool several = count > 1;
  for (;;) {
    if (index == 0) decision_ = decide();
    barrier.arrive_and_wait();
    if (decision_.stop) return;
    Batch batch;
    LossTerms terms;
    try {
      batch = loader_->take(state_.step * count + static_cast<std::int64_t>(index));
      terms = replica.accumulate(batch, {recipe_.cell_weight, recipe_.align_weight,
                                         recipe_.balance_weight, recipe_.cell_share});
      if (several) replica.synchronize();
    } catch (...) {
      if (!failed_.exchange(true)) failure_ = std::current_exception();
    }
    barrier.arrive_and_wait();
    if (failed_.load()) return;
    const torch::Tensor norm = replica.update(replicas_, decision_.learning_rate);
    if (several) replica.synchronize();
    barrier.arrive_and_wait();
    if (index == 0) after_step(batch, std::move(terms), norm);
  }
}

void Run::after_step(const Batch& batch, LossTerms terms, const torch::Tensor& norm) {
  ++state_.step;
  state_.pages += batch.grey.size(0) * static_cast<std::int64_t>(replicas_.size());
  progress_.add(batch, std::move(terms), norm);
  if (state_.step % 20 == 0) read_progress();
  if (options_.control_seconds > 0 && seconds_since(last_control_) > options_.control_seconds)
    run_controls();
  if (seconds_since(last_save_) > options_.checkpoint_seconds) {
    if (const Result<void> saved = save(); !saved) log(LogLevel::kError, saved.error().message());
  }
}

void Run::read_progress() {
  Json line = Json::parse(progress_.summary(recipe_.levels));
  const double waited = loader_->waited_seconds();
  line["step"] = state_.step;
  line["pages"] = state_.pages;
  line["seconds"] = seconds_since(begin_);
  line["learning_rate"] = decision_.learning_rate;
  line["top_level"] = recipe_.levels[static_cast<std::size_t>(state_.level)].name;
  line["loader_wait_seconds"] = waited - waited_at_last_read_;
  waited_at_last_read_ = waited;
  write_line(line);
  const Level& level = recipe_.levels[static_cast<std::size_t>(state_.level)];
  state_.level_minutes += progress_.seconds() / 60.0;
  const bool passed = progress_.accuracy(state_.level) >= level.advance_at ||
                      state_.level_minutes > level.at_most_minutes;
  if (passed && state_.level + 1 < static_cast<std::int64_t>(recipe_.levels.size())) {
    ++state_.level;
    state_.level_minutes = 0;
    loader_->set_top_level(state_.level);
    write_line({{"event", "level"},
                {"step", state_.step},
                {"seconds", seconds_since(begin_)},
                {"level", recipe_.levels[static_cast<std::size_t>(state_.level)].name}});
  }
  progress_.restart();
}

void Run::run_controls() {
  Json sets = Json::object();
  for (const ControlSet& set : controls_) {
    const ControlResult r = run_control(*replicas_.front(), recipe_.network, set);
    sets[r.name] = {
        {"loss", r.loss}, {"accuracy", r.accuracy}, {"image_gap", r.shuffled_loss - r.loss}};
  }
  write_line({{"event", "controls"},
              {"step", state_.step},
              {"seconds", seconds_since(begin_)},
              {"sets", sets}});
  last_control_ = Clock::now();
}

Result<void> Run::save() {
  last_save_ = Clock::now();
  LECTIO_TRY_VOID(
      save_checkpoint(options_.out / "checkpoint.safetensors", state_, *replicas_.front()));
  return export_model(options_.out / "model", recipe_, *replicas_.front(),
                      inputs_.tokenizer_json());
}

void Run::write_line(const Json& line) {
  const std::string text = line.dump();
  log_ << text << std::endl;
  if (options_.on_log_line) options_.on_log_line(text);
}

Result<void> Run::execute() {
  begin_ = last_control_ = last_save_ = Clock::now();
  first_step_ = state_.step;
  std::barrier<> barrier(static_cast<std::ptrdiff_t>(replicas_.size()));
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < replicas_.size(); ++i)
      others.emplace_back([this, i, &barrier] { replica_loop(i, barrier); });
    replica_loop(0, barrier);
  }
  if (failure_) std::rethrow_exception(failure_);
  run_controls();
  return save();
}

}  // namespace

Result<void> train(const TrainOptions& options) {
  LECTIO_TRY(Recipe recipe, read_recipe(options.recipe));
  std::error_code code;
  std::filesystem::create_directories(options.out, code);
  if (code)
    return Error(ErrorCode::kIo, options.out.string() + ": cannot create: " + code.message());
  LECTIO_TRY(const Inputs inputs, Inputs::open(options, recipe));
  recipe.network.decoder.vocabulary = inputs.vocabulary();
  recipe.seed = options.seed.value_or(recipe.seed);
  Run run(options, recipe, inputs);
  LECTIO_TRY_VOID(run.prepare());
  return run.execute();
}

}  // namespace lectio::train
