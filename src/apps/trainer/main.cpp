// SPDX-License-Identifier: Apache-2.0
// lectio-train: trains a model of the family from a recipe, a corpus and fonts.
#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <thread>

#include "base/log.h"
#include "train/trainer.h"

namespace {

// Set by SIGINT and SIGTERM; a thread passes it on as a stop request, since a handler may do little.
volatile std::sig_atomic_t interrupted = 0;

void on_signal(int) { interrupted = 1; }

void print_line(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains a small DeepSeek-OCR from scratch: pages are typeset while it learns to read them");
  lectio::train::TrainOptions options;
  options.devices = {"cpu"};
  app.add_option("recipe", options.recipe, "Recipe (JSON): network, curriculum, optimiser")->required();
  app.add_option("-o,--out", options.out, "Run folder: tokenizer, log, checkpoint, model")->required();
  app.add_option("--corpus", options.corpus, "Folder of .txt files, paragraphs separated by blank lines")
      ->default_str("data/corpus/train");
  app.add_option("--fonts", options.fonts, "Folder of fonts to learn from")->default_str("data/fonts/train");
  app.add_option("--unseen-fonts", options.unseen_fonts, "Folder of fonts for the controls")
      ->default_str("data/fonts/heldout");
  app.add_option("--init-from", options.init_from, "Model folder to start from, with its tokenizer");
  app.add_option("--minutes", options.minutes, "Stop after so many minutes")->check(CLI::PositiveNumber);
  app.add_option("--decay-share", options.decay_share, "Let the learning rate fall to 0 over this last share")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--learning-rate", options.learning_rate, "Instead of the recipe's")->check(CLI::PositiveNumber);
  app.add_option("--first-level", options.first_level, "Start the curriculum at this level, from 0");
  app.add_option("--devices", options.devices, "cpu, cuda:0, ...: one replica each")->delimiter(',');
  app.add_option("--threads", options.threads, "Page generators; 0: one a core");
  app.add_option("--control-seconds", options.control_seconds, "Between controls; 0: only at the end");
  app.add_option("--checkpoint-seconds", options.checkpoint_seconds, "Between checkpoints");
  app.add_option("--max-steps", options.max_steps, "Stop after so many steps; 0: no limit");
  app.add_flag("!--no-resume", options.resume, "Ignore a checkpoint in the run folder");
  options.corpus = "data/corpus/train";
  options.fonts = "data/fonts/train";
  options.unseen_fonts = "data/fonts/heldout";
  CLI11_PARSE(app, argc, argv);

  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::stop_source stop;
  options.stop = stop.get_token();
  const std::jthread watcher([&stop](const std::stop_token& done) {
    while (!done.stop_requested() && interrupted == 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (interrupted != 0) stop.request_stop();
  });
  options.on_log_line = print_line;
  lectio::set_log_sink([](lectio::LogLevel, std::string_view message) { print_line(std::string(message)); });
  try {
    const lectio::Result<void> trained = lectio::train::train(options);
    if (trained) return 0;
    print_line("lectio-train: " + trained.error().message());
    return 1;
  } catch (const std::exception& failure) {
    print_line(std::string("lectio-train: ") + failure.what());
    return 1;
  }
}
