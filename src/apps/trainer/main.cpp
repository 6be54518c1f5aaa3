// SPDX-License-Identifier: Apache-2.0
// lectio-train: trains a model of the family from a recipe, a corpus and fonts, and draws pages to
// measure it with.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "train/curves.h"
#include "train/export_model.h"
#include "train/step_bench.h"
#include "train/trainer.h"

#ifdef LECTIO_READER
#include "datagen/documents/document_set.h"
#include "datagen/prints/page_set.h"
#endif

namespace {

using lectio::Result;

// Set by SIGINT and SIGTERM; a thread passes it on as a stop request, since a handler may do
// little.
volatile std::sig_atomic_t interrupted = 0;

void on_signal(int) { interrupted = 1; }

void print_line(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

// What every command over a recipe takes.
void add_inputs(CLI::App& command, lectio::train::TrainOptions& options) {
  command.add_option("recipe", options.recipe, "Recipe (JSON): network, curriculum, optimiser")
      ->required();
  command.add_option("-o,--out", options.out, "Run folder: tokenizer, log, checkpoint, model")
      ->required();
  command
      .add_option("--corpus", options.corpus,
                  "Folder of .txt files, paragraphs separated by blank lines")
      ->capture_default_str();
  command.add_option("--fonts", options.fonts, "Folder of fonts to learn from")
      ->capture_default_str();
  command.add_option("--unseen-fonts", options.unseen_fonts, "Folder of fonts for the controls")
      ->capture_default_str();
  command.add_option("--init-from", options.init_from,
                     "Model folder to start from, with its tokenizer");
  command.add_option("--devices", options.devices, "cpu, cuda:0, ...: one replica each")
      ->delimiter(',');
}

CLI::App* add_run(CLI::App& app, lectio::train::TrainOptions& options) {
  CLI::App* const run =
      app.add_subcommand("run", "Train: pages are typeset while the network learns to read them");
  add_inputs(*run, options);
  run->add_option("--minutes", options.minutes, "Stop after so many minutes")
      ->check(CLI::PositiveNumber);
  run->add_option("--decay-share", options.decay_share,
                  "Let the learning rate fall to 0 over this last share")
      ->check(CLI::Range(0.0, 1.0));
  run->add_option("--learning-rate", options.learning_rate, "Instead of the recipe's")
      ->check(CLI::PositiveNumber);
  run->add_option("--seed", options.seed, "Instead of the recipe's: other pages of the same kind");
  run->add_option("--first-level", options.first_level,
                  "Start the curriculum at this level, from 0");
  run->add_option("--threads", options.threads, "Page generators; 0: one a core");
  run->add_option("--control-seconds", options.control_seconds,
                  "Between controls; 0: only at the end");
  run->add_option("--checkpoint-seconds", options.checkpoint_seconds, "Between checkpoints");
  run->add_option("--max-steps", options.max_steps, "Stop after so many steps; 0: no limit");
  run->add_flag("!--no-resume", options.resume, "Ignore a checkpoint in the run folder");
  return run;
}

struct CurvesArguments {
  std::filesystem::path log, picture;
};

CLI::App* add_curves(CLI::App& app, CurvesArguments& arguments) {
  CLI::App* const curves =
      app.add_subcommand("curves", "Draw the learning curves of a run as SVG (needs gnuplot)");
  curves->add_option("log", arguments.log, "log.jsonl of the run")->required();
  curves->add_option("-o,--out", arguments.picture, "SVG file")->required();
  return curves;
}

Result<void> draw_curves(const CurvesArguments& arguments) {
  LECTIO_TRY(const std::string log, lectio::read_file(arguments.log));
  const Result<std::vector<lectio::Chart>> charts = lectio::train::learning_curves(log);
  if (!charts) return charts.error().within(arguments.log.string());
  LECTIO_TRY(const std::string picture, lectio::draw_svg(*charts));
  return lectio::write_file_atomic(arguments.picture, picture);
}

struct MeanArguments {
  std::filesystem::path recipe, folder;
  std::vector<std::filesystem::path> models;
};

CLI::App* add_mean(CLI::App& app, MeanArguments& arguments) {
  CLI::App* const mean =
      app.add_subcommand("mean", "Write the mean of the weights of several models, in BF16");
  mean->add_option("recipe", arguments.recipe, "Recipe (JSON) with their network")->required();
  mean->add_option("models", arguments.models, "Model folders with the same tokenizer")
      ->required()
      ->expected(2, 100);
  mean->add_option("-o,--out", arguments.folder, "Model folder")->required();
  return mean;
}

Result<void> write_mean(const MeanArguments& arguments) {
  LECTIO_TRY(lectio::train::Recipe recipe, lectio::train::read_recipe(arguments.recipe));
  return lectio::train::export_mean(arguments.models, std::move(recipe), arguments.folder);
}

struct BenchArguments {
  int steps = 8, kernels = 0;
};

CLI::App* add_bench(CLI::App& app, lectio::train::TrainOptions& options,
                    BenchArguments& arguments) {
  CLI::App* const bench = app.add_subcommand(
      "bench", "Time a step of every level, beside the rate of a large product; JSON on stdout");
  add_inputs(*bench, options);
  bench->add_option("--steps", arguments.steps, "Timed steps a level")->check(CLI::Range(1, 1000));
  bench->add_option("--kernels", arguments.kernels, "List so many kernels by time (CUDA)")
      ->check(CLI::Range(0, 1000));
  return bench;
}

Result<void> run_bench(const lectio::train::TrainOptions& options,
                       const BenchArguments& arguments) {
  LECTIO_TRY(const std::string report,
             lectio::train::bench_steps(options, arguments.steps, arguments.kernels));
  std::printf("%s\n", report.c_str());
  return {};
}

#ifdef LECTIO_READER
struct PagesArguments {
  lectio::PageSet set;
  std::filesystem::path folder, corpus = "data/corpus/train", fonts = "data/fonts/heldout";
};

CLI::App* add_pages(CLI::App& app, PagesArguments& pages) {
  CLI::App* const command = app.add_subcommand(
      "pages", "Draw held-out text in held-out fonts, for lectio eval pages --images pages");
  command->add_option("-o,--out", pages.folder, "Folder for text.json and pages/")->required();
  command->add_option("--corpus", pages.corpus, "Folder of .txt files")->capture_default_str();
  command->add_option("--fonts", pages.fonts, "Folder of fonts")->capture_default_str();
  command->add_option("--side", pages.set.side, "Of a page, in pixels")
      ->check(CLI::Range(64, 4096));
  command->add_option("--area", pages.set.pixels_per_character, "Square pixels a character")
      ->check(CLI::Range(20.0, 100000.0));
  command->add_option("--count", pages.set.pages, "Pages")->check(CLI::Range(1, 100000));
  command->add_option("--seed", pages.set.seed, "Of the pages");
  command->add_flag("--random", pages.set.random_text,
                    "Words, letters and digits without a language prior");
  return command;
}

Result<void> draw_pages(const PagesArguments& arguments) {
  LECTIO_TRY(lectio::Corpus opened, lectio::Corpus::open(arguments.corpus));
  LECTIO_TRY(std::vector<lectio::FontRef> fonts, lectio::open_fonts(arguments.fonts));
  const auto corpus = std::make_shared<const lectio::Corpus>(std::move(opened));
  LECTIO_TRY(
      const lectio::PrintFactory prints,
      lectio::PrintFactory::create(std::move(fonts), corpus, lectio::Corpus::Split::kHeldOut));
  return lectio::write_page_set(prints, arguments.set, arguments.folder);
}

struct DocumentsArguments {
  lectio::documents::DocumentSet set;
  std::filesystem::path folder, corpus = "data/corpus/train", fonts = "data/fonts/heldout";
};

CLI::App* add_documents(CLI::App& app, DocumentsArguments& documents) {
  CLI::App* const command = app.add_subcommand(
      "documents", "Draw pages like real ones, for lectio eval pages --images pages");
  lectio::documents::DocumentRecipe& recipe = documents.set.recipe;
  command->add_option("-o,--out", documents.folder, "Folder for text.json and pages/")->required();
  command->add_option("--corpus", documents.corpus, "Folder of .txt files")->capture_default_str();
  command->add_option("--fonts", documents.fonts, "Folder of fonts")->capture_default_str();
  command->add_option("--count", documents.set.pages, "Pages")->check(CLI::Range(1, 100000));
  command->add_option("--seed", documents.set.seed, "Of the pages");
  command->add_option("--min-chars", recipe.min_chars, "Characters of text a page")
      ->check(CLI::Range(1, 100000));
  command->add_option("--max-chars", recipe.max_chars, "Characters of text a page")
      ->check(CLI::Range(1, 100000));
  const CLI::Range share(0.0, 1.0);
  command->add_option("--clean", recipe.clean, "Share of plain pages")->check(share);
  command->add_option("--empty", recipe.empty, "Share of pages without text")->check(share);
  command->add_option("--degrade", recipe.degrade, "Share of worn pages")->check(share);
  command->add_option("--random", recipe.random_text, "Share without a language prior")
      ->check(share);
  command->add_option("--returning", recipe.returning, "Share of the others whose phrases return")
      ->check(share);
  return command;
}

Result<void> draw_documents(DocumentsArguments arguments) {
  LECTIO_TRY(lectio::Corpus opened, lectio::Corpus::open(arguments.corpus));
  LECTIO_TRY(std::vector<lectio::FontRef> fonts, lectio::open_fonts(arguments.fonts));
  const auto corpus = std::make_shared<const lectio::Corpus>(std::move(opened));
  LECTIO_TRY(const lectio::documents::DocumentFactory documents,
             lectio::documents::DocumentFactory::create(std::move(fonts), corpus,
                                                        lectio::Corpus::Split::kHeldOut));
  lectio::documents::DocumentRecipe& recipe = arguments.set.recipe;
  recipe.max_chars = std::max(recipe.max_chars, recipe.min_chars);
  return lectio::documents::write_document_set(documents, arguments.set, arguments.folder);
}
#endif

Result<void> run_training(lectio::train::TrainOptions options) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::stop_source stop;
  options.stop = stop.get_token();
  const std::jthread watcher([&stop](const std::stop_token& done) {
    while (!done.stop_requested() && interrupted == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (interrupted != 0) stop.request_stop();
  });
  options.on_log_line = print_line;
  return lectio::train::train(options);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains a small DeepSeek-OCR from scratch");
  app.require_subcommand(1);
  lectio::train::TrainOptions options;
  options.devices = {"cpu"};
  options.corpus = "data/corpus/train";
  options.fonts = "data/fonts/train";
  options.unseen_fonts = "data/fonts/heldout";
  static_cast<void>(add_run(app, options));
  CurvesArguments curves_arguments;
  const CLI::App* const curves = add_curves(app, curves_arguments);
  MeanArguments mean_arguments;
  const CLI::App* const mean = add_mean(app, mean_arguments);
  BenchArguments bench_arguments;
  const CLI::App* const bench = add_bench(app, options, bench_arguments);
#ifdef LECTIO_READER
  PagesArguments pages;
  const CLI::App* const draw = add_pages(app, pages);
  DocumentsArguments documents;
  const CLI::App* const documents_command = add_documents(app, documents);
#endif
  CLI11_PARSE(app, argc, argv);
  lectio::set_log_sink(
      [](lectio::LogLevel, std::string_view message) { print_line(std::string(message)); });
  const auto dispatch = [&]() -> Result<void> {
#ifdef LECTIO_READER
    if (draw->parsed()) return draw_pages(pages);
    if (documents_command->parsed()) return draw_documents(documents);
#endif
    if (curves->parsed()) return draw_curves(curves_arguments);
    if (mean->parsed()) return write_mean(mean_arguments);
    if (bench->parsed()) return run_bench(options, bench_arguments);
    return run_training(std::move(options));
  };
  try {
    const Result<void> done = dispatch();
    if (done) return 0;
    print_line("lectio-train: " + done.error().message());
    return 1;
  } catch (const std::exception& failure) {
    print_line(std::string("lectio-train: ") + failure.what());
    return 1;
  }
}
