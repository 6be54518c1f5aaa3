// SPDX-License-Identifier: Apache-2.0
// lectio eval controls: pages without text, read by the model alone and as `read` reads; texts that
// no language predicts; texts under another page's picture.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/held_out.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/output.h"
#include "apps/cli/session.h"
#include "datagen/prints/page_set.h"
#include "eval/controls.h"
#include "media/render/fonts.h"
#include "ocr/reader/careful.h"
#include "optical/typeset/typeset.h"

namespace lectio::cli {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::int64_t kSide = 512;                // pixels
constexpr std::int64_t kPixelsPerCharacter = 400;  // easy to read where a language helps

Result<ControlReading> to_reading(PageText text, bool flagged) {
  if (text.finish == FinishReason::kCancelled) return Error(ErrorCode::kCancelled, "stopped");
  return ControlReading{std::move(text.text), flagged};
}

// Whatever is on the page, the model is asked once; it flags nothing but a text without an end.
ControlReader model_alone(Session& session) {
  return [&session](const Page& page) -> Result<ControlReading> {
    LECTIO_TRY(PageText text, session.engine.read(page, session.options));
    const bool flagged = text.finish != FinishReason::kStop;
    return to_reading(std::move(text), flagged);
  };
}

ControlReader as_read(Session& session, const ReadingArguments& arguments) {
  return [reader = careful_reader(session, arguments)](const Page& page) -> Result<ControlReading> {
    LECTIO_TRY(PageReading reading, reader(page));
    return to_reading(std::move(reading.text), reading.verdict != Verdict::kOk);
  };
}

Result<std::vector<ControlScore>> read_nothing(const std::vector<Print>& prints,
                                               const EvalControlsArguments& arguments,
                                               Session& session) {
  std::vector<Image> images;
  for (const Print& print : prints) images.push_back(to_image(print));
  const std::vector<ControlPage> pages = pages_without_text(images, kSeed);
  LECTIO_TRY(std::vector<ControlScore> scores,
             score_controls(pages, "model", model_alone(session)));
  LECTIO_TRY(std::vector<ControlScore> careful,
             score_controls(pages, "read", as_read(session, arguments.reading)));
  for (ControlScore& score : careful) scores.push_back(std::move(score));
  return scores;
}

// One page of each text, as much as it holds, in one face after the other.
Result<std::vector<TextPage>> set_pages(const std::vector<std::string>& texts,
                                        const std::vector<std::filesystem::path>& fonts) {
  std::vector<TextPage> pages;
  for (const std::string& text : texts) {
    TypesetConfig config;
    config.width = config.height = kSide;
    config.fonts = {fonts[pages.size() % fonts.size()].string()};
    config.characters_per_page = kSide * kSide / kPixelsPerCharacter;
    LECTIO_TRY(Typesetter typesetter, Typesetter::create(text, config));
    auto page = typesetter.next();
    if (!page) return Error(ErrorCode::kInvalidInput, "the corpus gave a page without text");
    pages.push_back({Page{std::move(page->image), "page " + std::to_string(pages.size() + 1)},
                     text.substr(page->byte_begin, page->byte_end - page->byte_begin)});
  }
  return pages;
}

// Goes on behind what is given.
GivenReader given_reader(Session& session) {
  return [&session](const Page& page, std::string_view given) -> Result<std::string> {
    ReadOptions options = session.options;
    options.prefix = session.engine.tokenizer().encode(given);
    LECTIO_TRY(PageText text, session.engine.read(page, options));
    if (text.finish == FinishReason::kCancelled) return Error(ErrorCode::kCancelled, "stopped");
    return text.text.substr(std::min(given.size(), text.text.size()));
  };
}

Result<std::vector<TextScore>> read_texts(const std::vector<Print>& prints,
                                          const EvalControlsArguments& arguments,
                                          Session& session) {
  LECTIO_TRY(const std::vector<std::filesystem::path> fonts, font_files(arguments.fonts));
  using Change = std::string (*)(std::string_view, std::uint64_t);
  const std::pair<const char*, Change> kinds[] = {{"natural", nullptr},
                                                  {"shuffled words", shuffle_words},
                                                  {"random letters", random_letters},
                                                  {"digits", random_digits}};
  std::vector<TextControl> controls;
  for (const auto& [kind, change] : kinds) {
    std::vector<std::string> texts;
    for (const Print& print : prints) {
      texts.push_back(change == nullptr ? print.text : change(print.text, kSeed + texts.size()));
    }
    LECTIO_TRY(const std::vector<TextPage> pages, set_pages(texts, fonts));
    for (TextControl& control : text_controls(kind, pages)) controls.push_back(std::move(control));
  }
  return score_texts(controls, given_reader(session));
}

Result<ControlsReport> measure(const EvalControlsArguments& arguments, Session& session) {
  LECTIO_TRY(const PrintFactory factory, open_held_out(arguments.corpus, arguments.fonts));
  PageSet set;
  set.side = kSide;
  set.pages = arguments.count;
  set.seed = kSeed;
  set.pixels_per_character = kPixelsPerCharacter / 1.5;  // more text than the typeset pages take
  LECTIO_TRY(const std::vector<Print> prints, draw_page_set(factory, set));
  ControlsReport report;
  LECTIO_TRY(report.without_text, read_nothing(prints, arguments, session));
  LECTIO_TRY(report.texts, read_texts(prints, arguments, session));
  return report;
}

}  // namespace

int run_eval_controls(const EvalControlsArguments& arguments) {
  std::stop_source stop;
  const Interrupt interrupt(stop);
  std::optional<Output> json_output;
  if (!arguments.json.empty()) {
    auto opened = Output::open(arguments.json);
    if (!opened) return report(opened.error());
    json_output.emplace(*std::move(opened));
  }
  auto session = open_session(arguments.reading, stop.get_token());
  if (!session) return report(session.error());
  const auto result = measure(arguments, *session);
  if (!result) {
    return interrupt.happened() ? static_cast<int>(kExitCancelled) : report(result.error());
  }
  if (json_output) {
    if (auto written = write_all(*std::move(json_output), to_json(*result)); !written) {
      return report(written.error());
    }
  }
  if (arguments.json != "-") {
    auto table = Output::open("-");
    if (!table) return report(table.error());
    if (auto written = write_all(*std::move(table), to_table(*result)); !written) {
      return report(written.error());
    }
  }
  return kExitOk;
}

}  // namespace lectio::cli
