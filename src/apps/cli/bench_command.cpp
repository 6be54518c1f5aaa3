// SPDX-License-Identifier: Apache-2.0
// lectio bench: how fast the stages of reading a page are, and how near to the machine's limits.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/model_folder.h"
#include "apps/cli/output.h"
#include "apps/cli/session.h"
#include "base/log.h"
#include "bench/bench.h"
#include "bench/random_network.h"
#include "model/spec/official_spec.h"

namespace lectio::cli {
namespace {

constexpr double kGiga = 1e9;

struct Subject {
  std::string name;
  Network network;
  double open_ms = 0;  // 0: made in memory
};

Result<NetworkSpec> spec_of(const std::string& network) {
  if (network == "v1") return official_spec(Family::kV1);
  if (network == "v2") return official_spec(Family::kV2);
  if (network != "nano") return read_network_spec(network);
  LECTIO_TRY(const std::filesystem::path folder, model_folder({}));
  return read_network_spec(folder / "config.json");
}

Result<Subject> open_subject(const BenchArguments& arguments) {
  if (!arguments.synthetic.empty()) {
    LECTIO_TRY(const NetworkSpec spec, spec_of(arguments.synthetic));
    LECTIO_TRY(Network network, bench::random_network(spec, arguments.format));
    return Subject{"random " + arguments.synthetic, std::move(network)};
  }
  LECTIO_TRY(const std::filesystem::path folder, model_folder(arguments.model));
  const auto begin = std::chrono::steady_clock::now();
  LECTIO_TRY(Network network, Network::open(folder));
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begin;
  return Subject{folder.string(), std::move(network), taken.count()};
}

bench::Options options_of(const BenchArguments& arguments) {
  const auto has = [&](const char* stage) {
    return std::ranges::find(arguments.stages, stage) != arguments.stages.end();
  };
  return {.encoder = has("encoder"),
          .encoder_parts = has("encoder"),
          .prefill = has("prefill"),
          .decode = has("decode"),
          .page_tokens = has("page") ? arguments.tokens : 0,
          .cache = arguments.cache,
          .repeats = arguments.repeats,
          .on_stage = [](const std::string& stage) { log(LogLevel::kInfo, stage); }};
}

struct Memory {
  std::int64_t weights = 0;
  std::int64_t peak = 0;          // resident
  std::int64_t minor_faults = 0;  // pages of memory taken, since the weights were there
  std::int64_t position = 0;      // keys and values of one
};

rusage usage() {
  rusage numbers{};
  getrusage(RUSAGE_SELF, &numbers);
  return numbers;
}

std::string text_of(const Subject& subject, const bench::Report& report, const Memory& memory,
                    const BenchArguments& arguments, const kernels::Table& ops, int threads) {
  std::string text = fmt::format(
      "{}: weights {:.2f} GB in {}, kernels {}, {} threads\n"
      "limits: memory {:.1f} GB/s, products {:.0f} GFLOP/s\n\n"
      "{:<28}{:>10}{:>12}{:>10}{:>9}{:>8}\n",
      subject.name, static_cast<double>(memory.weights) / kGiga, dtype_name(report.format),
      ops.name, threads, report.stream / kGiga, report.product_rate / kGiga, "stage", "ms",
      "tokens/s", "GFLOP/s", "GB/s", "limit");
  const auto number = [](double value, const char* format) {
    return value > 0 ? fmt::format(fmt::runtime(format), value) : std::string("-");
  };
  for (const bench::Stage& stage : report.stages) {
    text += fmt::format("{:<28}{:>10.2f}{:>12}{:>10}{:>9}{:>8}\n", stage.name, stage.ms,
                        number(stage.per_second(static_cast<double>(stage.tokens)), "{:.1f}"),
                        number(stage.per_second(stage.flops) / kGiga, "{:.0f}"),
                        number(stage.per_second(stage.bytes) / kGiga, "{:.1f}"),
                        number(100 * stage.of_limit, "{:.0f} %"));
  }
  if (subject.open_ms > 0) text += fmt::format("{:<28}{:>10.2f}\n", "open", subject.open_ms);
  text += fmt::format("\nkeys and values: {} bytes a position, in {}", memory.position,
                      dtype_name(arguments.cache));
  text += fmt::format(
      "\nmemory: peak {:.2f} GB, {:.0f} MB above the weights; {} page faults; {} repeats\n",
      static_cast<double>(memory.peak) / kGiga,
      static_cast<double>(memory.peak - memory.weights) / 1e6, memory.minor_faults,
      arguments.repeats);
  return text;
}

std::string json_of(const Subject& subject, const bench::Report& report, const Memory& memory,
                    const BenchArguments& arguments, const kernels::Table& ops, int threads) {
  nlohmann::ordered_json stages = nlohmann::ordered_json::array();
  for (const bench::Stage& stage : report.stages) {
    stages.push_back({{"name", stage.name},
                      {"ms", stage.ms},
                      {"tokens", stage.tokens},
                      {"tokens_per_second", stage.per_second(static_cast<double>(stage.tokens))},
                      {"flops_per_second", stage.per_second(stage.flops)},
                      {"bytes_per_second", stage.per_second(stage.bytes)},
                      {"share_of_limit", stage.of_limit}});
  }
  const nlohmann::ordered_json json = {{"schema", "lectio.bench"},
                                       {"schema_version", 1},
                                       {"model", subject.name},
                                       {"parameters", subject.network.parameters()},
                                       {"format", dtype_name(report.format)},
                                       {"kernels", ops.name},
                                       {"threads", threads},
                                       {"repeats", arguments.repeats},
                                       {"limits",
                                        {{"stream_bytes_per_second", report.stream},
                                         {"product_flops_per_second", report.product_rate}}},
                                       {"stages", stages},
                                       {"open_ms", subject.open_ms},
                                       {"memory",
                                        {{"weight_bytes", memory.weights},
                                         {"peak_bytes", memory.peak},
                                         {"minor_page_faults", memory.minor_faults},
                                         {"cache_format", dtype_name(arguments.cache)},
                                         {"cache_bytes_per_position", memory.position}}}};
  return json.dump() + "\n";
}

}  // namespace

int run_bench(const BenchArguments& arguments) {
  const auto ops = find_kernels(arguments.kernels);
  if (!ops) return report(ops.error());
  auto output = Output::open("-");
  if (!output) return report(output.error());
  const auto subject = open_subject(arguments);
  if (!subject) return report(subject.error(), kExitModel);

  ThreadPool pool(arguments.threads);
  const std::int64_t faults = usage().ru_minflt;
  const bench::Report result = bench::run(subject->network, **ops, pool, options_of(arguments));
  const rusage end = usage();
  const Memory memory{
      .weights = subject->network.weight_bytes(),
      .peak = std::int64_t{end.ru_maxrss} * 1024,
      .minor_faults = end.ru_minflt - faults,
      .position = KvCache::position_bytes(subject->network.spec().decoder, arguments.cache)};
  const auto format = arguments.json ? json_of : text_of;
  const auto written =
      output->write(format(*subject, result, memory, arguments, **ops, pool.threads()));
  return written ? kExitOk : report(written.error());
}

}  // namespace lectio::cli
