// SPDX-License-Identifier: Apache-2.0
// lectio convert: a model in another number format or layout, with the error of each tensor.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/output.h"
#include "base/file.h"
#include "model/gguf/gguf_model.h"
#include "model/tokenizer/tokenizer_gguf.h"
#include "model/tokenizer/tokenizer_json.h"
#include "model/weights/checkpoint.h"
#include "model/weights/convert.h"

namespace lectio::cli {
namespace {

std::string table_of(const std::vector<ConvertedTensor>& tensors) {
  std::string text = fmt::format("{:<70} {:>5} {:>5} {:>10} {:>10}\n", "tensor", "from", "to",
                                 "bytes", "rms error");
  std::int64_t bytes = 0;
  RoundingError total;
  for (const ConvertedTensor& tensor : tensors) {
    text +=
        fmt::format("{:<70} {:>5} {:>5} {:>10} {:>10.2e}\n", tensor.name, dtype_name(tensor.from),
                    dtype_name(tensor.to), tensor.bytes, tensor.error.rms_relative());
    bytes += tensor.bytes;
    total.add(tensor.error);
  }
  return text + fmt::format("{:<70} {:>5} {:>5} {:>10} {:>10.2e}\n",
                            fmt::format("{} tensors", tensors.size()), "", "", bytes,
                            total.rms_relative());
}

std::string json_of(const std::vector<ConvertedTensor>& tensors) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ConvertedTensor& tensor : tensors) {
    list.push_back({{"name", tensor.name},
                    {"from", dtype_name(tensor.from)},
                    {"to", dtype_name(tensor.to)},
                    {"bytes", tensor.bytes},
                    {"rms_relative_error", tensor.error.rms_relative()},
                    {"max_abs_error", tensor.error.max_abs}});
  }
  const nlohmann::ordered_json json = {
      {"schema", "lectio.convert"}, {"schema_version", 1}, {"tensors", list}};
  return json.dump() + "\n";
}

// tokenizer.json as it is, or made from the lists of a GGUF file.
struct TokenizerText {
  TokenizerFile file;
  std::string json;
};

Result<TokenizerText> read_tokenizer(const std::filesystem::path& model) {
  TokenizerText text;
  LECTIO_TRY(const std::optional<GgufFile> gguf, open_gguf_language(model));
  if (gguf) {
    LECTIO_TRY(text.file, parse_tokenizer_gguf(*gguf));
    text.json = to_tokenizer_json(text.file);
    return text;
  }
  const std::filesystem::path path = model / "tokenizer.json";
  LECTIO_TRY(text.json, read_file(path));
  LECTIO_TRY(text.file, parse_tokenizer_json(text.json, path.string()));
  return text;
}

// config.json as it is, or made from the metadata of a GGUF file.
Result<std::string> config_text(const std::filesystem::path& model, const NetworkSpec& spec) {
  std::error_code problem;
  const std::filesystem::path path = model / "config.json";
  if (std::filesystem::exists(path, problem)) return read_file(path);
  return to_config_json(spec);
}

Result<void> make_folder(const ConvertArguments& arguments) {
  std::error_code code;
  std::filesystem::create_directories(arguments.folder, code);
  if (code)
    return Error(ErrorCode::kIo, arguments.folder.string() + ": cannot create: " + code.message());
  const std::filesystem::path here = std::filesystem::is_directory(arguments.model, code)
                                         ? arguments.model
                                         : arguments.model.parent_path() / ".";
  if (!std::filesystem::equivalent(here, arguments.folder, code)) return {};
  return Error(ErrorCode::kInvalidArgument,
               arguments.folder.string() + ": expected another folder than the model's");
}

Result<std::vector<ConvertedTensor>> convert(const ConvertArguments& arguments) {
  if (arguments.format == DType::kQ4 && !arguments.gguf) {
    return Error(ErrorCode::kInvalidArgument, "--format q4: expected with --gguf alone");
  }
  LECTIO_TRY(const Checkpoint checkpoint, open_checkpoint(arguments.model, arguments.vision));
  LECTIO_TRY(const std::vector<TensorEntry> table, complete_table(checkpoint));
  LECTIO_TRY(const TokenizerText tokenizer, read_tokenizer(arguments.model));
  LECTIO_TRY_VOID(make_folder(arguments));
  ThreadPool pool;
  if (arguments.gguf) {
    const NetworkSpec& spec = checkpoint.spec;
    GgufFields fields;
    write_tokenizer_fields(tokenizer.file, tokenizer.json, spec.decoder.vocabulary,
                           {spec.bos_id, spec.eos_id}, fields);
    return convert_to_gguf(checkpoint, arguments.format, gguf_paths_in(arguments.folder), fields,
                           pool);
  }
  LECTIO_TRY(const std::string config, config_text(arguments.model, checkpoint.spec));
  LECTIO_TRY_VOID(write_file_atomic(arguments.folder / "config.json", config));
  LECTIO_TRY_VOID(write_file_atomic(arguments.folder / "tokenizer.json", tokenizer.json));
  return convert_to_safetensors(checkpoint.tensors, table, arguments.format,
                                arguments.folder / "model.safetensors", pool);
}

}  // namespace

int run_convert(const ConvertArguments& arguments) {
  auto output = Output::open("-");
  if (!output) return report(output.error());
  const auto tensors = convert(arguments);
  if (!tensors) return report(tensors.error());
  if (const auto written = output->write(arguments.json ? json_of(*tensors) : table_of(*tensors));
      !written) {
    return report(written.error());
  }
  const auto finished = output->finish();
  return finished ? kExitOk : report(finished.error());
}

}  // namespace lectio::cli
