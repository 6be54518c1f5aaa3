// SPDX-License-Identifier: Apache-2.0
// lectio verify: golden vectors through this build, stage by stage.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/golden_folder.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/output.h"
#include "apps/cli/progress.h"
#include "apps/cli/session.h"
#include "base/log.h"
#include "proof/models.h"
#include "proof/prove_network.h"
#include "proof/prove_rules.h"

namespace lectio::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using proof::CaseReport;
using proof::GoldenCase;
using proof::StageCheck;

const char* measure_name(proof::Measure measure) {
  switch (measure) {
    case proof::Measure::kMax:
      return "max";
    case proof::Measure::kNorm:
      return "norm";
    case proof::Measure::kCount:
      return "count";
    case proof::Measure::kLogit:
      return "abs";
  }
  return "";
}

// Cases as they are done: lines of a table at once, or one JSON document at the end.
class VerifyWriter {
 public:
  VerifyWriter(Output output, bool json) : output_(std::move(output)), json_(json) {}

  // `on`: "avx512, bf16"; empty for what needs no network.
  Result<void> add(const CaseReport& report, const std::string& kernels,
                   const std::string& format) {
    ++cases_;
    if (const StageCheck* const off = report.first_off(); off != nullptr) {
      ++failed_;
      if (first_off_.empty()) {
        first_off_ = fmt::format("{}{}: the first stage that is off is {}: {}", report.name,
                                 kernels.empty() ? "" : " on " + kernels + ", " + format,
                                 off->stage, off->note);
      }
    }
    if (json_) return add_json(report, kernels, format);
    return add_lines(report, kernels, format);
  }

  Result<void> finish(double seconds) {
    if (json_) {
      const Json json = {{"schema", "lectio.verify"}, {"schema_version", 1},
                         {"passed", failed_ == 0},    {"first_off", first_off_},
                         {"seconds", seconds},        {"cases", std::move(list_)}};
      return output_.write(json.dump() + "\n");
    }
    return output_.write(fmt::format("\n{} of {} cases pass\n", cases_ - failed_, cases_));
  }
  int cases() const { return cases_; }
  bool passed() const { return failed_ == 0; }
  const std::string& first_off() const { return first_off_; }

 private:
  Result<void> add_lines(const CaseReport& report, const std::string& kernels,
                         const std::string& format) {
    std::string text =
        fmt::format("{}{}{}{:<26} {:>10} {:>10} {:>10} {:<5} {}\n", cases_ == 1 ? "" : "\n",
                    report.name, kernels.empty() ? "\n" : ": " + kernels + ", " + format + "\n",
                    "stage", "max", "norm", "tolerance", "of", "verdict");
    for (const StageCheck& check : report.checks) {
      const bool told = check.verdict == proof::Verdict::kTold;
      const std::string tolerance = told ? "-" : fmt::format("{:.2g}", check.tolerance);
      text += fmt::format("{:<26} {:>10.2g} {:>10.2g} {:>10} {:<5} {}", check.stage,
                          check.max_error, check.norm_error, tolerance, measure_name(check.measure),
                          verdict_name(check.verdict));
      const bool notable = check.verdict != proof::Verdict::kPass && !check.note.empty();
      text += notable ? "  " + check.note + "\n" : "\n";
    }
    return output_.write(text);
  }

  Result<void> add_json(const CaseReport& report, const std::string& kernels,
                        const std::string& format) {
    Json checks = Json::array();
    for (const StageCheck& check : report.checks) {
      Json item = {{"stage", check.stage},
                   {"max_error", check.max_error},
                   {"norm_error", check.norm_error},
                   {"measure", measure_name(check.measure)}};
      if (check.verdict != proof::Verdict::kTold) item["tolerance"] = check.tolerance;
      item["verdict"] = verdict_name(check.verdict);
      if (!check.note.empty()) item["note"] = check.note;
      checks.push_back(std::move(item));
    }
    Json item = {{"case", report.name}};
    if (!kernels.empty()) item.update({{"kernels", kernels}, {"format", format}});
    item["checks"] = std::move(checks);
    list_.push_back(std::move(item));
    return {};
  }

  Output output_;
  bool json_;
  Json list_ = Json::array();
  int cases_ = 0;
  int failed_ = 0;
  std::string first_off_;
};

// A folder for checkpoints that are made, gone at the end unless the user named it.
class WorkFolder {
 public:
  static Result<WorkFolder> open(const fs::path& named) {
    if (!named.empty()) return WorkFolder(named, false);
    std::error_code problem;
    const fs::path place = fs::temp_directory_path(problem);
    if (problem) return Error(ErrorCode::kIo, "no folder for temporary files: name one by --work");
    std::string name = (place / "lectio-verify-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      return Error(ErrorCode::kIo, name + ": cannot create");
    }
    return WorkFolder(name, true);
  }
  WorkFolder(WorkFolder&& other) noexcept
      : path_(std::move(other.path_)),
        temporary_(std::exchange(other.temporary_, false)) {}
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder() {
    std::error_code ignored;
    if (temporary_) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }
  bool temporary() const { return temporary_; }

 private:
  WorkFolder(fs::path path, bool temporary) : path_(std::move(path)), temporary_(temporary) {}

  fs::path path_;
  bool temporary_;
};

class Verifier {
 public:
  Verifier(const VerifyArguments& arguments, VerifyWriter& writer, const fs::path& golden,
           const WorkFolder& work, std::stop_token stop)
      : arguments_(arguments),
        writer_(writer),
        golden_(golden),
        work_(work),
        stop_(std::move(stop)),
        pool_(arguments.threads) {}

  Result<void> run() {
    LECTIO_TRY(const auto tables, kernels_named(arguments_.kernels));
    if (arguments_.full.empty()) {
      if (wanted("pictures")) LECTIO_TRY_VOID(add(proof::prove_pictures(golden_)));
      if (wanted("tables")) LECTIO_TRY_VOID(add(proof::prove_tables(golden_)));
      if (wanted("tokens")) LECTIO_TRY_VOID(add(proof::prove_no_repeat(golden_)));
      return run_tiny(tables);
    }
    for (const Family family : {Family::kV1, Family::kV2}) {
      const std::string version = family == Family::kV1 ? "v1" : "v2";
      if (arguments_.full == version || arguments_.full == "all")
        LECTIO_TRY_VOID(run_full(family, version, tables));
    }
    return {};
  }

 private:
  using Tables = std::vector<const kernels::Table*>;

  static Result<Tables> kernels_named(const std::string& name) {
    Tables tables;
    if (name == "all") {
      for (const std::string_view each : kernels::available()) {
        tables.push_back(kernels::by_name(each));
      }
    } else {
      LECTIO_TRY(const kernels::Table* const table, find_kernels(name));
      tables.push_back(table);
    }
    return tables;
  }

  bool wanted(std::string_view name) const {
    const auto& cases = arguments_.cases;
    return cases.empty() || std::ranges::find(cases, name) != cases.end();
  }

  Result<void> add(const Result<CaseReport>& report, const std::string& kernels = "",
                   const std::string& format = "") {
    if (!report) return report.error();
    return writer_.add(*report, kernels, format);
  }

  Result<void> prove(std::span<const GoldenCase> cases, const Network& network, const char* model,
                     const Tables& tables, DType format) {
    for (const kernels::Table* const table : tables) {
      const bool slow = std::string_view(table->name) == kernels::reference().name;
      for (const GoldenCase& golden_case : cases) {
        if (std::string_view(golden_case.model) != model || !wanted(golden_case.name)) continue;
        if (slow && !golden_case.quick) continue;
        if (stop_.stop_requested()) return Error(ErrorCode::kCancelled, "stopped");
        const proof::Setting setting{golden_, *table, pool_, format, arguments_.cache};
        LECTIO_TRY_VOID(add(proof::prove_network(golden_case, network, setting), table->name,
                            format_name(format)));
      }
    }
    return {};
  }

  // "BF16", "BF16 with keys and values in I8".
  std::string format_name(DType format) const {
    const std::string weights = dtype_name(format);
    if (arguments_.cache == DType::kF32) return weights;
    return weights + " with keys and values in " + dtype_name(arguments_.cache);
  }

  Result<void> run_tiny(const Tables& tables) {
    for (const DType format : arguments_.formats) {
      for (const char* model : {"tiny-v1", "tiny-v2"}) {
        LECTIO_TRY(const fs::path folder, proof::tiny_model(golden_, model, format, work_.path()));
        LECTIO_TRY(const Network network, Network::open(folder));
        LECTIO_TRY_VOID(prove(proof::tiny_cases(), network, model, tables, format));
      }
    }
    return {};
  }

  Result<void> run_full(Family family, const std::string& version, const Tables& tables) {
    const std::string model = "full/" + version;
    if (!arguments_.model.empty()) {
      LECTIO_TRY(const DType format, proof::format_of_model(arguments_.model));
      LECTIO_TRY(const Network network, Network::open(arguments_.model));
      return prove(proof::full_cases(), network, model.c_str(), tables, format);
    }
    for (const DType format : arguments_.formats) {
      const fs::path folder = work_.path() / (version + "-" + dtype_name(format));
      LECTIO_TRY_VOID(proof::make_full_model(family, format, folder, pool_, Progress(), stop_));
      LECTIO_TRY(const Network network, Network::open(folder));
      LECTIO_TRY_VOID(prove(proof::full_cases(), network, model.c_str(), tables, format));
      std::error_code ignored;
      if (work_.temporary()) fs::remove_all(folder, ignored);  // before the next one is made
    }
    return {};
  }

  const VerifyArguments& arguments_;
  VerifyWriter& writer_;
  const fs::path& golden_;
  const WorkFolder& work_;
  std::stop_token stop_;
  ThreadPool pool_;
};

}  // namespace

int run_verify(const VerifyArguments& arguments) {
  std::stop_source stop;
  const Interrupt interrupt(stop);
  const auto golden = golden_folder(arguments.golden);
  if (!golden) return report(golden.error());
  auto work = WorkFolder::open(arguments.work);
  if (!work) return report(work.error());
  auto output = Output::open("-");
  if (!output) return report(output.error());

  const auto start = std::chrono::steady_clock::now();
  VerifyWriter writer(*std::move(output), arguments.json);
  const auto done = Verifier(arguments, writer, *golden, *work, stop.get_token()).run();
  if (!done) return report(done.error());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (const auto written = writer.finish(seconds.count()); !written) {
    return report(written.error());
  }
  if (writer.cases() == 0) {
    return report(Error(ErrorCode::kInvalidArgument, "--case: expected names of cases"));
  }
  if (writer.passed()) return kExitOk;
  log(LogLevel::kError, writer.first_off());
  return kExitNotVerified;
}

}  // namespace lectio::cli
