// SPDX-License-Identifier: Apache-2.0
// lectio synth: a model folder of any size whose weights are a formula.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/output.h"
#include "apps/cli/progress.h"
#include "base/file.h"
#include "model/spec/official_spec.h"
#include "model/synth/synthetic_model.h"

namespace lectio::cli {
namespace {

constexpr double kGigabyte = 1e9;

Result<std::string> config_of(const std::string& network) {
  if (network == "v1") return to_config_json(official_spec(Family::kV1));
  if (network == "v2") return to_config_json(official_spec(Family::kV2));
  return read_file(network);
}

Result<SynthReport> synthesise(const SynthArguments& arguments, std::stop_token stop) {
  if (arguments.format == DType::kQ4 && !arguments.gguf) {
    return Error(ErrorCode::kInvalidArgument, "--format q4: expected --gguf");
  }
  LECTIO_TRY(const std::string config, config_of(arguments.network));
  SynthOptions options;
  options.format = arguments.format;
  options.gguf = arguments.gguf;
  options.shard_bytes = static_cast<std::int64_t>(arguments.shard_gigabytes * kGigabyte);
  options.on_progress = Progress();
  options.stop = std::move(stop);
  ThreadPool pool(arguments.threads);
  return write_synthetic_model(config, arguments.network, arguments.folder, options, pool);
}

std::string text_of(const SynthReport& report, const std::string& folder) {
  std::string text = fmt::format("{}: {} tensors, {} parameters, {} bytes\n", folder,
                                 report.tensors, report.parameters, report.bytes);
  for (const std::string& file : report.files) text += fmt::format("  {}\n", file);
  return text;
}

std::string json_of(const SynthReport& report, const std::string& folder) {
  const nlohmann::ordered_json json = {{"schema", "lectio.synth"},
                                       {"schema_version", 1},
                                       {"model", folder},
                                       {"tensors", report.tensors},
                                       {"parameters", report.parameters},
                                       {"bytes", report.bytes},
                                       {"files", report.files}};
  return json.dump() + "\n";
}

}  // namespace

int run_synth(const SynthArguments& arguments) {
  std::stop_source stop;
  const Interrupt interrupt(stop);
  auto output = Output::open("-");
  if (!output) return report(output.error());
  const auto made = synthesise(arguments, stop.get_token());
  if (!made) return report(made.error());
  const std::string folder = arguments.folder.string();
  const auto written =
      output->write(arguments.json ? json_of(*made, folder) : text_of(*made, folder));
  return written ? kExitOk : report(written.error());
}

}  // namespace lectio::cli
