// SPDX-License-Identifier: Apache-2.0
// lectio: the command line. Results go to standard output, everything said to people to standard
// error.
#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

#include "apps/cli/arguments.h"
#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "base/log.h"
#include "ocr/assembly/overlay_program.h"

namespace lectio::cli {
namespace {

int run(const ReadArguments& arguments) { return run_read(arguments); }
int run(const InfoArguments& arguments) { return run_info(arguments); }
int run(const TypesetArguments& arguments) { return run_typeset(arguments); }
int run(const ConvertArguments& arguments) { return run_convert(arguments); }
int run(const SynthArguments& arguments) { return run_synth(arguments); }
int run(const VerifyArguments& arguments) { return run_verify(arguments); }
int run(const BenchArguments& arguments) { return run_bench(arguments); }
int run(const EvalPagesArguments& arguments) { return run_eval_pages(arguments); }
int run(const EvalControlsArguments& arguments) { return run_eval_controls(arguments); }
int run(const EvalCurveArguments& arguments) { return run_eval_curve(arguments); }

int run(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == kOverlayCommand) return run_overlay_pdf();
  const auto parsed = parse_arguments(argc, argv);
  if (const int* const code = std::get_if<int>(&parsed)) return *code;
  const auto& arguments = std::get<Arguments>(parsed);
  set_up_console(arguments.quiet, arguments.verbose);
  return std::visit([](const auto& command) { return run(command); }, arguments.command);
}

}  // namespace
}  // namespace lectio::cli

int main(int argc, char** argv) {
  using namespace lectio;  // NOLINT(google-build-using-namespace): the program itself
  std::signal(SIGPIPE,
              SIG_IGN);  // a closed pipe is an error of the write, with a message and a code
  try {
    return cli::run(argc, argv);
  } catch (const std::bad_alloc&) {
    log(LogLevel::kError, "out of memory");
    return cli::kExitMemory;
  } catch (const std::system_error& problem) {  // a thread that could not be started
    log(LogLevel::kError, problem.what());
    return cli::kExitMemory;
  } catch (const std::exception& problem) {
    log(LogLevel::kError, std::string("internal error: ") + problem.what());
    return cli::kExitOther;
  }
}
