// SPDX-License-Identifier: Apache-2.0
#include "ocr/assembly/made_page.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/sha256.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMagic = "lectio made page 1\n";
constexpr std::size_t kHashBytes = 64;

Json json_of(const Word& word) {
  const Box& box = word.box;
  Json json = {word.text, box.x0, box.y0, box.x1, box.y1};
  if (word.confidence) {
    json.push_back(word.confidence->mean);
    json.push_back(word.confidence->lowest);
  }
  return json;
}

Word word_from(const Json& json) {
  Word word;
  json.at(0).get_to(word.text);
  word.box = {json.at(1).get<std::int64_t>(), json.at(2).get<std::int64_t>(),
              json.at(3).get<std::int64_t>(), json.at(4).get<std::int64_t>()};
  if (json.size() > 5) {
    word.confidence = Confidence{json.at(5).get<double>(), json.at(6).get<double>()};
  }
  return word;
}

Json json_of(const std::vector<Line>& lines) {
  Json json = Json::array();
  for (const Line& line : lines) {
    Json words = Json::array();
    for (const Word& word : line.words) words.push_back(json_of(word));
    json.push_back(std::move(words));
  }
  return json;
}

std::vector<Line> lines_from(const Json& json) {
  std::vector<Line> lines;
  for (const Json& words : json) {
    Line& line = lines.emplace_back();
    for (const Json& word : words) {
      line.words.push_back(word_from(word));
      line.box = united(line.box, line.words.back().box);
    }
  }
  return lines;
}

class Files {
 public:
  explicit Files(std::string_view bytes) : rest_(bytes) {}
  // False: there are not so many bytes.
  bool take(const Json& size, std::string& file) {
    const auto bytes = size.get<std::size_t>();
    if (bytes > rest_.size()) return false;
    file = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return true;
  }
  bool is_empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool take_files(const Json& head, std::string_view bytes, MadePage& made) {
  Files files(bytes);
  for (const Json& size : head.at("figures")) {
    if (!files.take(size, made.figures.emplace_back())) return false;
  }
  for (const Json& entry : head.at("runner_pictures")) {
    auto& picture = made.runner_pictures.emplace_back();
    entry.at(0).get_to(picture.number);
    if (!files.take(entry.at(1), picture.jpeg)) return false;
  }
  return files.take(head.at("layout"), made.layout_png) &&
         files.take(head.at("picture"), made.jpeg) && files.is_empty();
}

Error wrong(const std::string& what) {
  return Error(ErrorCode::kInvalidInput, "made page: " + what);
}

}  // namespace

std::string to_bytes(const MadePage& made) {
  Json blocks = Json::array();
  for (const Block& block : made.page.blocks) blocks.push_back(json_of(block.lines));
  Json figures = Json::array();
  std::string files;
  for (const std::string& figure : made.figures) {
    figures.push_back(figure.size());
    files += figure;
  }
  Json pictures = Json::array();
  for (const MadePage::RunnerPicture& picture : made.runner_pictures) {
    pictures.push_back({picture.number, picture.jpeg.size()});
    files += picture.jpeg;
  }
  files += made.layout_png;
  files += made.jpeg;
  const Json head = {{"dpi", made.page.dpi},
                     {"lines", std::move(blocks)},
                     {"figures", std::move(figures)},
                     {"runner_pictures", std::move(pictures)},
                     {"layout", made.layout_png.size()},
                     {"picture", made.jpeg.size()}};
  std::string body = head.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  body += files;
  return std::string(kMagic) + sha256_hex(body) + body;
}

std::optional<std::string> made_page_body(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return std::nullopt;
  bytes.remove_prefix(kMagic.size());
  if (bytes.size() < kHashBytes) return std::nullopt;
  const std::string_view body = bytes.substr(kHashBytes);
  if (sha256_hex(body) != bytes.substr(0, kHashBytes)) return std::nullopt;
  return std::string(body);
}

Result<MadePage> parse_made_page(std::string_view body, PageFrame frame, const PageText& text,
                                 const AssemblyOptions& options) {
  try {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const Json head = Json::parse(body.substr(0, end));
    MadePage made;
    head.at("dpi").get_to(frame.dpi);
    made.page = assemble_text(frame, text, options);
    const Json& lines = head.at("lines");
    if (lines.size() != made.page.blocks.size()) return wrong("made of another text");
    for (std::size_t i = 0; i < lines.size(); ++i) {
      made.page.blocks[i].lines = lines_from(lines.at(i));
    }
    if (!take_files(head, body.substr(std::min(end + 1, body.size())), made)) {
      return wrong("its files do not fit it");
    }
    return made;
  } catch (const Json::exception& problem) {
    return wrong(problem.what());
  }
}

}  // namespace lectio
