// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <map>
#include <utility>

#include "apps/cli/exit_codes.h"
#include "ocr/sources/page_selection.h"

namespace lectio::cli {
namespace {

constexpr const char* kFooter = R"(Exit codes:
  0 ok; 2 a page is missing, damaged or too large; 3 a program that opens PDF files is not installed; 5 a path cannot
  be read or written; 8 a document with a password; 11 some of several pages failed; 12 all of them; 13 the model
  cannot be used; 14 device or memory; 15 other; 20 verify found a stage that is off; 64 usage; 130 Ctrl-C

The model is the first of: --model, the environment variable LECTIO_MODEL, ../share/lectio/models/lectio-nano beside
the executable, models/lectio-nano in the source tree.)";

const std::vector<std::string> kModes = {"auto",  "tiny",   "small",   "base",
                                         "large", "gundam", "gundam-m"};
const std::vector<std::string> kNoRepeat = {"auto", "none",  "hf",   "hf-eval", "image",
                                            "pdf",  "batch", "vllm", "unsure"};

void add_vision_option(CLI::App& app, std::filesystem::path& vision) {
  app.add_option("--mmproj", vision,
                 "Vision file of a GGUF model; if absent, the one *mmproj*.gguf beside it")
      ->type_name("FILE");
}

void add_model_option(CLI::App& app, std::filesystem::path& model, std::filesystem::path& vision) {
  app.add_option("--model", model,
                 "Folder with config.json, safetensors and tokenizer.json; or a GGUF file, or a "
                 "folder that holds one")
      ->type_name("MODEL");
  add_vision_option(app, vision);
}

void add_cache_option(CLI::App& app, DType& cache, const char* usual) {
  static const std::map<std::string, DType> kBits = {
      {"32", DType::kF32}, {"16", DType::kF16}, {"8", DType::kI8}};
  app.add_option(
         "--kv-cache", cache,
         "Bits of a number of keys and values, which are kept for every position: 32, 16 or "
         "8, with a scale for each head")
      ->transform(CLI::CheckedTransformer(kBits))
      ->type_name("BITS")
      ->default_str(usual);
}

void add_reading_options(CLI::App& app, ReadingArguments& reading) {
  add_model_option(app, reading.model, reading.vision);
  app.add_option_function<std::string>(
         "--mode", [&reading](const std::string& name) { reading.mode = mode_from_name(name); },
         "How many vision tokens a page gets; auto goes by its size and print. gundam-m is "
         "experimental: the published weights are not known to have learnt it")
      ->check(CLI::IsMember(kModes))
      ->default_str("auto");
  CLI::Option* const task =
      app.add_option_function<std::string>(
             "--task",
             [&reading](const std::string& name) {
               reading.task = *task_from_name(name);
               reading.prompt = prompt_of(*reading.task);
             },
             "markdown: a document with layout; text: without; ocr: texts of any picture with "
             "boxes; "
             "figure: a chart or drawing; describe; locate=PHRASE: where it is")
          ->check([](const std::string& name) {
            const auto known = task_from_name(name);
            return known ? std::string() : known.error().message();
          })
          ->type_name("TASK");
  app.add_option(
         "--prompt", reading.prompt,
         "Instead of a task, with <image> where the page stands and real newlines: "
         "$'<image>\\n<|grounding|>Convert the document to markdown.' With several <image>, so "
         "many pages are read together")
      ->excludes(task)
      ->default_str("$'<image>\\nFree OCR.'");
  app.add_option("--max-tokens", reading.max_tokens, "Longest text, in tokens")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 30))
      ->type_name("N")
      ->default_str("8192");
  app.add_option("--temperature", reading.temperature, "0: the likeliest token; above: a draw")
      ->check(CLI::NonNegativeNumber)
      ->type_name("T")
      ->default_str("0");
  app.add_option("--seed", reading.seed, "Of the draws")->type_name("N")->default_str("0");
  app.add_option_function<std::string>(
         "--no-repeat",
         [&reading](const std::string& name) {
           reading.no_repeat = no_repeat_preset_from_name(name);
         },
         "Rule against loops: of an official runner, hf and hf-eval (Hugging Face), image, pdf and "
         "batch (vLLM), vllm (its recipe); or unsure, which bars a repeat where the model is less "
         "than 90 % sure of it; auto: the model's own if it names one, else hf for describe and "
         "locate, image otherwise")
      ->check(CLI::IsMember(kNoRepeat))
      ->default_str("auto");
  app.add_option("--max-tiles", reading.max_tiles,
                 "Most tiles of mode gundam: 9 as the Hugging Face runner, 6 as the vLLM one; "
                 "DeepSeek-OCR-2 never has more than 6")
      ->check(CLI::Range(2, 9))
      ->type_name("N")
      ->default_str("9");
  add_cache_option(app, reading.cache, "16");
  app.add_option("--threads", reading.threads, "0: one a core")
      ->check(CLI::Range(0, 1024))
      ->type_name("N")
      ->default_str("0");
  app.add_option("--kernels", reading.kernels,
                 "auto, reference, avx2, avx512, avx512vnni, avx512bf16: what this CPU has")
      ->type_name("NAME")
      ->default_str("auto");
}

// How documents are opened and what is done about pages that go wrong.
void add_document_options(CLI::App& app, ReadArguments& read) {
  app.add_option("--pages", read.selection,
                 "Of every document, from 1, from the end with a minus: 1-3,7,-1 (all)")
      ->check([](const std::string& text) {
        const auto selection = PageSelection::parse(text);
        return selection ? std::string() : selection.error().message();
      })
      ->type_name("RANGES");
  app.add_option("--dpi", read.dpi,
                 "Resolution that PDF pages are rendered at; chosen for the mode if absent")
      ->check(CLI::Range(18.0, 2400.0))
      ->type_name("N");
  app.add_option("--together", read.together,
                 "With --format, pages that are decoded at the same time, each as if alone; more "
                 "need more memory")
      ->check(CLI::Range(1, 64))
      ->type_name("N")
      ->default_str("4");
  static const std::map<std::string, LoopHandling> kLoops = {{"recover", LoopHandling::kRecover},
                                                             {"mark", LoopHandling::kMark},
                                                             {"off", LoopHandling::kOff}};
  app.add_option("--loops", read.loops,
                 "Where a text repeats itself: recover makes other attempts from there (and asks "
                 "without a no-repeat rule first, unless one is named); mark ends it there; off")
      ->transform(CLI::CheckedTransformer(kLoops))
      ->type_name("WHAT")
      ->default_str("recover");
  static const std::map<std::string, UnreadInkHandling> kUnread = {
      {"read", UnreadInkHandling::kRead},
      {"mark", UnreadInkHandling::kMark},
      {"off", UnreadInkHandling::kOff}};
  app.add_option(
         "--unread", read.unread,
         "Where a text leaves out lines of the page: read asks for them alone and puts their "
         "text where it belongs; mark only says so in the verdict; off")
      ->transform(CLI::CheckedTransformer(kUnread))
      ->type_name("WHAT")
      ->default_str("read");
  static const std::map<std::string, TextLayerUse> kTextLayer = {{"ignore", TextLayerUse::kIgnore},
                                                                 {"prefer", TextLayerUse::kPrefer},
                                                                 {"only", TextLayerUse::kOnly}};
  app.add_option("--text-layer", read.text_layer,
                 "Text that a PDF has itself: ignore it and read every page; prefer it on pages "
                 "that are no "
                 "scans and where it agrees with the ink; only: ask about no page, open no model")
      ->transform(CLI::CheckedTransformer(kTextLayer))
      ->type_name("WHAT")
      ->default_str("ignore");
  app.add_flag("--ask-blank", read.ask_blank, "Ask the model about blank pages too");
  app.add_flag("--strict", read.strict, "Code 11 unless every page is ok or blank");
  static const std::map<std::string, ProgressKind> kProgress = {{"auto", ProgressKind::kAuto},
                                                                {"bar", ProgressKind::kBar},
                                                                {"json", ProgressKind::kJson},
                                                                {"none", ProgressKind::kNone}};
  app.add_option("--progress", read.progress,
                 "On standard error: bar, json (a line a page) or none; auto: a bar on a terminal "
                 "when results go to a folder")
      ->transform(CLI::CheckedTransformer(kProgress))
      ->type_name("KIND")
      ->default_str("auto");
}

void add_format_options(CLI::App& app, ReadArguments& read, CLI::Option& json) {
  std::string known;
  for (const std::string_view name : format_names()) {
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  app.add_option_function<std::vector<std::string>>(
         "--format",
         [&read](const std::vector<std::string>& names) {
           for (const std::string& name : names) read.formats.push_back(*format_from_name(name));
         },
         "Documents in the folder of -o, in one or more of " + known + ", separated by commas")
      ->check([known](const std::string& name) {
        return format_from_name(name) ? std::string()
                                      : "expected one of " + known + ", found '" + name + "'";
      })
      ->delimiter(',')
      ->expected(1)
      ->take_all()
      ->excludes(&json)
      ->type_name("LIST");
  app.add_flag("--self-contained", read.self_contained, "HTML with its pictures inside");
}

CLI::App* add_read(CLI::App& app, ReadArguments& read) {
  CLI::App* const command =
      app.add_subcommand("read", "Read pages (PDF, PNG, JPEG, WebP, TIFF, BMP, GIF, HEIC)");
  command
      ->add_option(
          "pages", read.pages,
          "Documents and pictures, folders of them, patterns; - is standard input. Texts of "
          "several pages are separated by <--- Page Split --->; a page that fails leaves its "
          "place empty")
      ->required()
      ->take_all()
      ->type_name("PAGE");
  add_reading_options(*command, read.reading);
  add_document_options(*command, read);
  CLI::Option* const json = command->add_flag(
      "--json", read.json, "A JSON object a line and page, failed pages included");
  add_format_options(*command, read, *json);
  command
      ->add_option("-o,--output", read.output,
                   "Instead of standard output a file; with --format a folder")
      ->type_name("PATH");
  return command;
}

CLI::App* add_info(CLI::App& app, InfoArguments& info) {
  CLI::App* const command =
      app.add_subcommand("info", "Describe a model: shape, parameters, formats, vision tokens");
  command->add_option("model", info.model, "Model folder or GGUF file; the default if absent")
      ->type_name("MODEL");
  add_vision_option(*command, info.vision);
  command->add_flag("--json", info.json, "As JSON");
  return command;
}

CLI::App* add_typeset(CLI::App& app, TypesetArguments& typeset) {
  CLI::App* const command =
      app.add_subcommand("typeset", "Set a text on pages: PNG files that read can read");
  command->add_option("text", typeset.text, "UTF-8 text file; - or nothing is standard input")
      ->type_name("TEXT");
  command->add_option("-o,--output", typeset.folder, "Folder for page-0001.png and so on; is made")
      ->required()
      ->type_name("DIR");
  command->add_option("--width", typeset.width, "Of a page, in pixels (640)")->type_name("N");
  command->add_option("--height", typeset.height, "Of a page, in pixels (640)")->type_name("N");
  command->add_option("--size", typeset.size, "Of the font, in pixels an em (16)")->type_name("PX");
  command
      ->add_option("--characters", typeset.characters,
                   "Characters that fill a page; chooses the size")
      ->type_name("N");
  command->add_option("--columns", typeset.columns, "Of text on a page (1)")->type_name("N");
  command
      ->add_option("--font", typeset.fonts,
                   "Font file; of several the first that has a character draws it (DejaVu Sans)")
      ->expected(1)
      ->take_all()
      ->type_name("FILE");
  command
      ->add_option("--config", typeset.config,
                   "JSON with these settings and margins, line pitch, colours, ...")
      ->type_name("FILE");
  command->add_flag("--json", typeset.json, "A JSON object a line and page");
  return command;
}

// Four bits are for GGUF files alone.
const std::map<std::string, DType> kFormats = {{"q4", DType::kQ4},
                                               {"q8", DType::kQ8},
                                               {"bf16", DType::kBF16},
                                               {"f16", DType::kF16},
                                               {"f32", DType::kF32}};

CLI::App* add_convert(CLI::App& app, ConvertArguments& convert) {
  CLI::App* const command = app.add_subcommand(
      "convert", "Write a model in another number format or layout; report the error");
  command->add_option("model", convert.model, "Model folder or GGUF file")
      ->required()
      ->type_name("MODEL");
  command->add_option("-o,--output", convert.folder, "Folder for the converted model; is made")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--format", convert.format,
                   "q8, q4: 8 or 4 bits a number in blocks of 32 with a scale; bf16, f16, f32")
      ->transform(CLI::CheckedTransformer(kFormats))
      ->type_name("FORMAT")
      ->default_str("q8");
  command->add_flag("--gguf", convert.gguf,
                    "Write model.gguf and mmproj-model.gguf instead of safetensors");
  add_vision_option(*command, convert.vision);
  command->add_flag("--json", convert.json, "The report as JSON");
  return command;
}

const std::map<std::string, DType> kBenchFormats = {{"bf16", DType::kBF16},
                                                    {"f16", DType::kF16},
                                                    {"f32", DType::kF32},
                                                    {"q8", DType::kQ8},
                                                    {"q4", DType::kQ4}};

CLI::App* add_bench(CLI::App& app, BenchArguments& bench) {
  CLI::App* const command = app.add_subcommand(
      "bench", "Time the stages of reading a page, beside what the machine can do at best");
  auto* const model =
      command->add_option("--model", bench.model, "Model folder")->type_name("MODEL");
  command
      ->add_option("--synthetic", bench.synthetic,
                   "Random weights in memory instead: v1, v2, nano or a config.json")
      ->excludes(model)
      ->type_name("NETWORK");
  command->add_option("--format", bench.format, "Of random weights: bf16, f16, f32, q8 or q4")
      ->transform(CLI::CheckedTransformer(kBenchFormats))
      ->type_name("FORMAT")
      ->default_str("bf16");
  command->add_option("--stages", bench.stages, "encoder, prefill, decode, page")
      ->delimiter(',')
      ->check(CLI::IsMember({"encoder", "prefill", "decode", "page"}))
      ->type_name("LIST");
  command->add_option("--tokens", bench.tokens, "Tokens of the whole page")
      ->check(CLI::Range(1, 8000))
      ->type_name("N")
      ->default_str("1000");
  command->add_option("--repeats", bench.repeats, "Of each stage; the median counts")
      ->check(CLI::Range(1, 100))
      ->type_name("N")
      ->default_str("3");
  add_cache_option(*command, bench.cache, "16");
  command->add_option("--threads", bench.threads, "0: one a core")
      ->check(CLI::Range(0, 1024))
      ->type_name("N")
      ->default_str("0");
  command->add_option("--kernels", bench.kernels, "auto, or a name that verify lists")
      ->type_name("NAME")
      ->default_str("auto");
  command->add_flag("--json", bench.json, "The result as JSON");
  return command;
}

CLI::App* add_synth(CLI::App& app, SynthArguments& synth) {
  CLI::App* const command = app.add_subcommand(
      "synth", "Write a model of any size with weights by formula, for proofs and benchmarks");
  command
      ->add_option("network", synth.network,
                   "v1 (DeepSeek-OCR), v2 (DeepSeek-OCR-2) or a config.json")
      ->required()
      ->type_name("NETWORK");
  command->add_option("-o,--output", synth.folder, "Folder for the model; is made")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--format", synth.format,
                   "bf16, f16, f32, q8: 8-bit blocks of 32; q4 with --gguf")
      ->transform(CLI::CheckedTransformer(kFormats))
      ->type_name("FORMAT")
      ->default_str("bf16");
  command->add_flag("--gguf", synth.gguf,
                    "Write model.gguf and mmproj-model.gguf instead of safetensors");
  command
      ->add_option("--shard", synth.shard_gigabytes, "Gigabytes a file, with an index; 0: one file")
      ->check(CLI::NonNegativeNumber)
      ->type_name("GB")
      ->default_str("0");
  command->add_option("--threads", synth.threads, "0: one a core")
      ->check(CLI::Range(0, 1024))
      ->type_name("N")
      ->default_str("0");
  command->add_flag("--json", synth.json, "The report as JSON");
  return command;
}

CLI::App* add_verify(CLI::App& app, VerifyArguments& verify) {
  CLI::App* const command = app.add_subcommand(
      "verify", "Run golden vectors through this build, stage by stage; name what is off");
  command->add_option("--golden", verify.golden, "Folder of the goldens (tests/golden)")
      ->type_name("DIR");
  command->add_option("--kernels", verify.kernels, "As for read; all: each that this CPU has")
      ->type_name("NAME")
      ->default_str("all");
  command->add_option("--format", verify.formats, "Of the weights; several are proved in turn")
      ->expected(1)
      ->take_all()
      ->transform(CLI::CheckedTransformer(kFormats))
      ->type_name("FORMAT")
      ->default_str("bf16");
  add_cache_option(*command, verify.cache, "32");
  command
      ->add_option("--case", verify.cases,
                   "Only this one: pictures, tables, tokens, v1_tiny512, ...; may come again")
      ->expected(1)
      ->take_all()
      ->type_name("NAME");
  command
      ->add_option("--full", verify.full,
                   "The official sizes (minutes, 8 GB) instead of the tiny goldens")
      ->check(CLI::IsMember({"v1", "v2", "all"}))
      ->type_name("VERSION");
  command
      ->add_option("--model", verify.model,
                   "For --full v1 or v2: a folder that synth wrote; else one is made and removed")
      ->type_name("DIR");
  command->add_option("--work", verify.work, "Where models are made, and then kept")
      ->type_name("DIR");
  command->add_option("--threads", verify.threads, "0: one a core")
      ->check(CLI::Range(0, 1024))
      ->type_name("N")
      ->default_str("0");
  command->add_flag("--json", verify.json, "The report as JSON");
  return command;
}

void add_eval_pages(CLI::App& eval, EvalPagesArguments& arguments) {
  CLI::App* const pages = eval.add_subcommand(
      "pages",
      "Read pages whose text is known; report precision and vision tokens, with --task markdown "
      "the layout, too");
  pages
      ->add_option(
          "folder", arguments.folder,
          "Holds a folder of pictures and text.json: a list of objects with the strings image and "
          "text; with --task markdown, image and grounded, the true answer with labels and boxes")
      ->required()
      ->type_name("DIR");
  pages
      ->add_option("--images", arguments.images, "Folder of the pictures in DIR, as pages or clean")
      ->type_name("NAME")
      ->default_str("pages");
  static const std::map<std::string, EvalReader> kReaders = {{"model", EvalReader::kModel},
                                                             {"read", EvalReader::kRead}};
  pages
      ->add_option("--reader", arguments.reader,
                   "Who reads: the model alone, asked once; or read, with its watch for loops and "
                   "other attempts, and a verdict for every page")
      ->transform(CLI::CheckedTransformer(kReaders))
      ->type_name("WHO")
      ->default_str("model");
  pages->add_option("--json", arguments.json, "Write the report as JSON, - to standard output")
      ->type_name("FILE");
  add_reading_options(*pages, arguments.reading);
}

CLI::App* add_eval_curve(CLI::App& eval, EvalCurveArguments& arguments) {
  CLI::App* const curve = eval.add_subcommand(
      "curve",
      "Draw 512 x 512 pages of held-out text at several densities and read them; a table, JSON and "
      "a picture of precision against text in a vision token (--mode tiny unless told)");
  curve->add_option("-o,--out", arguments.out, "Folder for compression-curve.md, .json and .svg")
      ->required()
      ->type_name("DIR");
  curve->add_option("--corpus", arguments.corpus, "Folder of .txt files (tools/fetch_data.sh)")
      ->type_name("DIR")
      ->capture_default_str();
  curve->add_option("--fonts", arguments.fonts, "Folder of fonts")
      ->type_name("DIR")
      ->capture_default_str();
  curve
      ->add_option("--tokenizer", arguments.tokenizer,
                   "tokenizer.json that text tokens are counted with; the model's if absent")
      ->type_name("FILE");
  curve->add_option("--areas", arguments.areas, "Square pixels a character, densities to draw")
      ->delimiter(',')
      ->check(CLI::Range(20.0, 100000.0))
      ->type_name("A,A,...")
      ->default_str("500,350,250,180,130,93,70");
  curve->add_option("--count", arguments.count, "Pages of each density and kind of text")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100000}))
      ->type_name("N")
      ->default_str("24");
  arguments.reading.mode = Mode::kTiny;
  add_reading_options(*curve, arguments.reading);
  return curve;
}

CLI::App* add_eval_controls(CLI::App& eval, EvalControlsArguments& arguments) {
  CLI::App* const controls = eval.add_subcommand(
      "controls",
      "Does the model read? Pages without text, by the model alone and as read does: what comes "
      "was "
      "invented. Texts that no language predicts. Texts under another page's picture (--mode tiny "
      "unless told)");
  controls->add_option("--corpus", arguments.corpus, "Folder of .txt files (tools/fetch_data.sh)")
      ->type_name("DIR")
      ->capture_default_str();
  controls->add_option("--fonts", arguments.fonts, "Folder of fonts")
      ->type_name("DIR")
      ->capture_default_str();
  controls->add_option("--count", arguments.count, "Pages of each kind")
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{100000}))
      ->type_name("N")
      ->default_str("10");
  controls->add_option("--json", arguments.json, "Write the report as JSON, - to standard output")
      ->type_name("FILE");
  arguments.reading.mode = Mode::kTiny;
  add_reading_options(*controls, arguments.reading);
  return controls;
}

CLI::App* add_eval(CLI::App& app) {
  CLI::App* const eval = app.add_subcommand("eval", "Measure a model");
  eval->require_subcommand(1);
  return eval;
}

// Help and version go to standard output, which can be full or closed too.
int end_of_parsing(const CLI::App& app, const CLI::ParseError& outcome) {
  if (outcome.get_exit_code() == 0) {
    app.exit(outcome, std::cout, std::cerr);
    return std::cout.flush() ? kExitOk : kExitFileAccess;
  }
  std::fprintf(stderr, "lectio: error: %s\nlectio: see lectio --help, or --help after a command\n",
               outcome.what());
  return kExitUsage;
}

}  // namespace

std::variant<Arguments, int> parse_arguments(int argc, char** argv) {
  CLI::App app("DeepSeek-OCR in C++: pages become few vision tokens, and text again", "lectio");
  app.set_version_flag("--version", "lectio " LECTIO_VERSION);
  app.set_help_flag("-h,--help", "Print this help");
  app.require_subcommand(1);
  app.fallthrough();
  // So that a script can add to a command line that it was given.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.footer(kFooter);
  Arguments arguments;
  app.add_flag("-q,--quiet", arguments.quiet, "Say warnings and errors alone on standard error");
  app.add_flag("-v,--verbose", arguments.verbose, "Say more");

  ReadArguments read;
  InfoArguments info;
  TypesetArguments typeset;
  ConvertArguments convert;
  SynthArguments synth;
  VerifyArguments verify;
  BenchArguments bench;
  EvalPagesArguments eval_pages;
  EvalCurveArguments eval_curve;
  EvalControlsArguments eval_controls;
  const CLI::App* const read_command = add_read(app, read);
  const CLI::App* const info_command = add_info(app, info);
  const CLI::App* const typeset_command = add_typeset(app, typeset);
  const CLI::App* const convert_command = add_convert(app, convert);
  const CLI::App* const synth_command = add_synth(app, synth);
  const CLI::App* const verify_command = add_verify(app, verify);
  const CLI::App* const bench_command = add_bench(app, bench);
  CLI::App* const eval = add_eval(app);
  add_eval_pages(*eval, eval_pages);
  const CLI::App* const curve = add_eval_curve(*eval, eval_curve);
  const CLI::App* const controls = add_eval_controls(*eval, eval_controls);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& outcome) {
    return end_of_parsing(app, outcome);
  }
  if (read_command->parsed()) {
    arguments.command = std::move(read);
  } else if (info_command->parsed()) {
    arguments.command = std::move(info);
  } else if (typeset_command->parsed()) {
    arguments.command = std::move(typeset);
  } else if (convert_command->parsed()) {
    arguments.command = std::move(convert);
  } else if (synth_command->parsed()) {
    arguments.command = std::move(synth);
  } else if (verify_command->parsed()) {
    arguments.command = std::move(verify);
  } else if (bench_command->parsed()) {
    arguments.command = std::move(bench);
  } else if (curve->parsed()) {
    arguments.command = std::move(eval_curve);
  } else if (controls->parsed()) {
    arguments.command = std::move(eval_controls);
  } else {
    arguments.command = std::move(eval_pages);
  }
  return arguments;
}

}  // namespace lectio::cli
