// SPDX-License-Identifier: Apache-2.0
// lectio eval curve: pages at ever higher densities, drawn and read; a table and a picture.
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/held_out.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/session.h"
#include "base/file.h"
#include "base/log.h"
#include "datagen/prints/page_set.h"
#include "eval/curve.h"
#include "model/tokenizer/tokenizer.h"

namespace lectio::cli {
namespace {

// The tokenizer of --tokenizer, else the model's own.
Result<Tokenizer> open_tokenizer(const EvalCurveArguments& arguments,
                                 const std::filesystem::path& model) {
  const std::filesystem::path file =
      arguments.tokenizer.empty() ? model / "tokenizer.json" : arguments.tokenizer;
  LECTIO_TRY(const std::string json, read_file(file));
  return Tokenizer::from_json(json, file.string());
}

Result<CurveRow> read_row(const PrintFactory& prints, const PageSet& set,
                          const Tokenizer& tokenizer, const SuiteReader& reader) {
  CurveRow row;
  row.text = set.random_text ? "random" : "natural";
  row.wanted_area = set.pixels_per_character;
  LECTIO_TRY(const std::vector<Print> drawn, draw_page_set(prints, set));
  for (const Print& print : drawn) {
    const Page page{to_image(print), "page " + std::to_string(row.pages.size() + 1)};
    PageScore score = score_page(page, print.text, reader);
    if (score.error.empty() && score.read.finish == FinishReason::kCancelled) {
      return Error(ErrorCode::kCancelled, "stopped");
    }
    score.text_tokens = static_cast<std::int64_t>(tokenizer.encode(print.text).size());
    row.pages.push_back(std::move(score));
  }
  return row;
}

Result<Curve> draw_curve(const EvalCurveArguments& arguments, Session& session) {
  LECTIO_TRY(const PrintFactory prints, open_held_out(arguments.corpus, arguments.fonts));
  LECTIO_TRY(const Tokenizer tokenizer, open_tokenizer(arguments, session.model));
  const SuiteReader reader = without_verdicts(page_reader(session));
  Curve curve;
  curve.model = session.model.filename().string();
  curve.tokenizer = arguments.tokenizer.empty()
                        ? "the model's tokenizer (" + std::to_string(tokenizer.size()) + " tokens)"
                        : arguments.tokenizer.string();
  for (const bool random : {false, true}) {
    for (const double area : arguments.areas) {
      PageSet set;
      set.pixels_per_character = area;
      set.random_text = random;
      set.pages = arguments.count;
      LECTIO_TRY(CurveRow row, read_row(prints, set, tokenizer, reader));
      log(LogLevel::kInfo, row.text + ", " + std::to_string(area) + " px2 a character: precision " +
                               std::to_string(point_of(row).precision));
      curve.rows.push_back(std::move(row));
    }
  }
  return curve;
}

Result<void> write_curve(const Curve& curve, const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return Error(ErrorCode::kIo, folder.string() + ": cannot create: " + code.message());
  LECTIO_TRY_VOID(write_file_atomic(folder / "compression-curve.json", to_json(curve)));
  LECTIO_TRY_VOID(write_file_atomic(folder / "compression-curve.md", to_markdown(curve)));
  LECTIO_TRY(const std::string picture, draw_svg(charts_of(curve)));
  return write_file_atomic(folder / "compression-curve.svg", picture);
}

}  // namespace

int run_eval_curve(const EvalCurveArguments& arguments) {
  std::stop_source stop;
  const Interrupt interrupt(stop);
  auto session = open_session(arguments.reading, stop.get_token());
  if (!session) return report(session.error());
  const Result<Curve> curve = draw_curve(arguments, *session);
  if (!curve)
    return interrupt.happened() ? static_cast<int>(kExitCancelled) : report(curve.error());
  const Result<void> written = write_curve(*curve, arguments.out);
  return written ? static_cast<int>(kExitOk) : report(written.error());
}

}  // namespace lectio::cli
