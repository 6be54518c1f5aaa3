// SPDX-License-Identifier: Apache-2.0
// lectio typeset: a text becomes pages, PNG files in a folder.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/input.h"
#include "apps/cli/output.h"
#include "base/file.h"
#include "base/log.h"
#include "base/utf8.h"
#include "media/image/encode.h"
#include "optical/typeset/typeset.h"

namespace lectio::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMaxText = std::uint64_t{1} << 28;
constexpr std::uint64_t kMaxConfig = std::uint64_t{1} << 20;
// Debian's fonts-dejavu-core, which nearly every desktop and server has.
constexpr const char* kDefaultFont = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

// Option before file before default.
Result<TypesetConfig> config_of(const TypesetArguments& arguments) {
  TypesetConfig config;
  if (!arguments.config.empty()) {
    LECTIO_TRY(const std::string json, read_file(arguments.config, kMaxConfig));
    LECTIO_TRY(config, parse_typeset_config(json, arguments.config.string()));
  }
  config.width = arguments.width.value_or(config.width);
  config.height = arguments.height.value_or(config.height);
  config.columns = arguments.columns.value_or(config.columns);
  if (arguments.size) {
    config.size = *arguments.size;
    config.characters_per_page = 0;
  }
  config.characters_per_page = arguments.characters.value_or(config.characters_per_page);
  if (!arguments.fonts.empty()) config.fonts = arguments.fonts;
  if (config.fonts.empty()) config.fonts.emplace_back(kDefaultFont);
  return config;
}

Result<std::string> text_of(const TypesetArguments& arguments) {
  const bool standard_input = arguments.text == "-";
  auto text = standard_input ? read_standard_input(kMaxText) : read_file(arguments.text, kMaxText);
  if (text && text->empty()) {
    return Error(ErrorCode::kInvalidInput,
                 (standard_input ? kStandardInput : arguments.text.string()) + ": no text");
  }
  return text;
}

std::string line_of(const TypesetPage& page, const std::string& file, std::int64_t index,
                    std::string_view text, bool as_json) {
  const std::int64_t characters =
      count_code_points(text.substr(page.byte_begin, page.byte_end - page.byte_begin));
  if (!as_json) return fmt::format("{}\t{} characters\n", file, characters);
  const Json json = {{"schema", "lectio.typeset"},
                     {"schema_version", 1},
                     {"index", index},
                     {"file", file},
                     {"byte_begin", page.byte_begin},
                     {"byte_end", page.byte_end},
                     {"characters", characters}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::int64_t> typeset(const TypesetArguments& arguments) {
  LECTIO_TRY(const TypesetConfig config, config_of(arguments));
  LECTIO_TRY(std::string text, text_of(arguments));
  LECTIO_TRY(Typesetter typesetter, Typesetter::create(std::move(text), config));
  LECTIO_TRY(Output output, Output::open("-"));
  std::error_code problem;
  std::filesystem::create_directories(arguments.folder, problem);
  if (problem) {
    return Error(ErrorCode::kIo,
                 arguments.folder.string() + ": cannot create: " + problem.message());
  }
  std::int64_t index = 0;
  while (const auto page = typesetter.next()) {
    const auto file = arguments.folder / fmt::format("page-{:04}.png", index + 1);
    LECTIO_TRY_VOID(write_file_atomic(file, encode_png(page->image)));
    LECTIO_TRY_VOID(
        output.write(line_of(*page, file.string(), index, typesetter.text(), arguments.json)));
    ++index;
  }
  log(LogLevel::kInfo, fmt::format("{} pages of {} x {} pixels, {:.2f} pixels an em", index,
                                   config.width, config.height, typesetter.size()));
  return index;
}

}  // namespace

int run_typeset(const TypesetArguments& arguments) {
  const auto pages = typeset(arguments);
  return pages ? kExitOk : report(pages.error());
}

}  // namespace lectio::cli
