// SPDX-License-Identifier: Apache-2.0
// The command line as data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compute/tensor/dtype.h"
#include "model/spec/token_layout.h"
#include "ocr/export/formats.h"
#include "ocr/generate/no_repeat_presets.h"
#include "ocr/prompt/task.h"
#include "ocr/reader/text_layer.h"

namespace lectio::cli {

// What every command that reads pages can be told.
struct ReadingArguments {
  std::filesystem::path model;   // empty: the default model
  std::filesystem::path vision;  // of a GGUF model; empty: the one beside it
  std::optional<Mode> mode;      // empty: auto
  std::optional<Task> task;      // empty: the prompt says what to do
  std::string prompt = "<image>\nFree OCR.";
  std::int64_t max_tokens = 8192;
  double temperature = 0;
  std::uint64_t seed = 0;
  std::optional<NoRepeatPreset> no_repeat;  // empty: by the task
  std::int64_t max_tiles = 9;
  DType cache = DType::kF16;  // of keys and values
  int threads = 0;            // 0: one a core
  std::string kernels = "auto";
};

enum class LoopHandling {
  kRecover,  // other attempts from where the loop began
  kMark,     // the text ends there
  kOff,      // nobody looks
};
// What the text of a page leaves out: UnreadHandling of ocr/reader.
enum class UnreadInkHandling { kRead, kMark, kOff };
enum class ProgressKind { kAuto, kBar, kJson, kNone };

struct ReadArguments {
  ReadingArguments reading;
  std::vector<std::string> pages;  // files, folders, patterns; "-": standard input
  std::string selection;           // pages of every document; empty: all
  std::optional<double> dpi;       // of rendered pages; empty: by the mode
  std::int64_t together = 4;       // pages at the same time, where they become documents
  LoopHandling loops = LoopHandling::kRecover;
  bool ask_blank = false;
  UnreadInkHandling unread = UnreadInkHandling::kRead;
  TextLayerUse text_layer = TextLayerUse::kIgnore;
  bool strict = false;
  ProgressKind progress = ProgressKind::kAuto;
  bool json = false;
  std::vector<Format> formats;  // empty: the text, or JSON lines
  bool self_contained = false;
  std::filesystem::path output;  // empty or "-": standard output; with formats: a folder
};

struct InfoArguments {
  std::filesystem::path model;
  std::filesystem::path vision;
  bool json = false;
};

struct ConvertArguments {
  std::filesystem::path model;
  std::filesystem::path vision;
  std::filesystem::path folder;
  bool gguf = false;  // write two GGUF files
  DType format = DType::kQ8;
  bool json = false;
};

struct SynthArguments {
  std::string network;  // "v1", "v2" or the path of a config.json
  std::filesystem::path folder;
  DType format = DType::kBF16;
  bool gguf = false;           // two GGUF files
  double shard_gigabytes = 0;  // 0: one file
  int threads = 0;
  bool json = false;
};

struct VerifyArguments {
  std::filesystem::path golden;  // empty: the goldens of this build
  std::string kernels = "all";   // each that this CPU has
  std::vector<DType> formats = {DType::kBF16};
  DType cache = DType::kF32;       // of keys and values
  std::vector<std::string> cases;  // empty: all
  std::string full;                // empty: tiny goldens; "v1", "v2" or "all"
  std::filesystem::path model;     // full-size checkpoint; empty: made
  std::filesystem::path work;      // for checkpoints that are made; empty: a temporary folder
  int threads = 0;
  bool json = false;
};

struct BenchArguments {
  std::filesystem::path model;  // empty: the default model
  std::string synthetic;        // empty: a model; "v1", "v2", "nano" or the path of a config.json
  DType format = DType::kBF16;  // of synthetic weights
  DType cache = DType::kF16;    // of keys and values
  std::vector<std::string> stages = {"encoder", "prefill", "decode", "page"};
  std::int64_t tokens = 1000;  // of the whole page
  int repeats = 3;
  int threads = 0;
  std::string kernels = "auto";
  bool json = false;
};

enum class EvalReader {
  kModel,  // asked once
  kRead,   // as `read` reads
};

struct EvalPagesArguments {
  ReadingArguments reading;
  EvalReader reader = EvalReader::kModel;
  std::filesystem::path folder;
  std::string images = "pages";
  std::filesystem::path json;  // empty: no JSON; "-": JSON instead of the table
};

struct EvalCurveArguments {
  ReadingArguments reading;
  std::filesystem::path out;
  std::filesystem::path corpus = "data/corpus/train", fonts = "data/fonts/heldout";
  std::filesystem::path tokenizer;  // that text tokens are counted with; empty: the model's
  std::vector<double> areas = {500, 350, 250, 180, 130, 93, 70};  // square pixels a character
  std::int64_t count = 24;  // pages of each density and kind of text
};

struct EvalControlsArguments {
  ReadingArguments reading;
  std::filesystem::path corpus = "data/corpus/train", fonts = "data/fonts/heldout";
  std::int64_t count = 10;     // pages of each kind
  std::filesystem::path json;  // empty: no JSON; "-": JSON instead of the table
};

struct TypesetArguments {
  std::filesystem::path text = "-";  // "-": standard input
  std::filesystem::path folder;
  std::filesystem::path config;  // empty: none
  std::vector<std::string> fonts;
  std::optional<std::int64_t> width;
  std::optional<std::int64_t> height;
  std::optional<std::int64_t> columns;
  std::optional<std::int64_t> characters;
  std::optional<double> size;
  bool json = false;
};

struct Arguments {
  std::variant<ReadArguments, InfoArguments, TypesetArguments, ConvertArguments, SynthArguments,
               VerifyArguments, BenchArguments, EvalPagesArguments, EvalCurveArguments,
               EvalControlsArguments>
      command;
  bool quiet = false;
  bool verbose = false;
};

// What to do, or the code to end with at once: --help and --version were printed, or the usage was
// wrong, which was said on standard error.
std::variant<Arguments, int> parse_arguments(int argc, char** argv);

}  // namespace lectio::cli
