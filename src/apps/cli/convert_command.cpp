// SPDX-License-Identifier: Apache-2.0
// lectio convert: a model folder in another number format, with the error of each tensor.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/output.h"
#include "base/file.h"
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

Result<std::vector<ConvertedTensor>> convert(const ConvertArguments& arguments) {
  LECTIO_TRY(const TensorSource source, TensorSource::open(arguments.model));
  std::error_code code;
  std::filesystem::create_directories(arguments.folder, code);
  if (code)
    return Error(ErrorCode::kIo, arguments.folder.string() + ": cannot create: " + code.message());
  if (std::filesystem::equivalent(arguments.model, arguments.folder, code)) {
    return Error(ErrorCode::kInvalidArgument,
                 arguments.folder.string() + ": expected another folder than the model's");
  }
  for (const char* name : {"config.json", "tokenizer.json"}) {
    LECTIO_TRY(const std::string bytes, read_file(arguments.model / name));
    LECTIO_TRY_VOID(write_file_atomic(arguments.folder / name, bytes));
  }
  return convert_checkpoint(source, arguments.format, arguments.folder / "model.safetensors");
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
