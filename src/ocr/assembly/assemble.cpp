// SPDX-License-Identifier: Apache-2.0
#include "ocr/assembly/assemble.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "ocr/answer/answer.h"
#include "ocr/answer/markup.h"
#include "ocr/assembly/confidence.h"
#include "ocr/lines/place_words.h"

namespace lectio {
namespace {

// The plain text of one or more blocks in a row and where it comes from.
struct Source {
  std::string text;
  struct Part {
    std::size_t begin = 0;  // in text
    std::size_t block = 0;
    PlainText plain;
  };
  std::vector<Part> parts;

  void add(std::size_t block, const Block& from) {
    Part part{0, block, plain_text(from.text)};
    if (part.plain.text.empty()) return;
    if (!text.empty()) text += '\n';
    part.begin = text.size();
    text += part.plain.text;
    parts.push_back(std::move(part));
  }
  const Part& at(std::size_t place) const {
    const auto next = std::partition_point(parts.begin(), parts.end(),
                                           [&](const Part& part) { return part.begin <= place; });
    return *std::prev(next);
  }
};

// A little wider than the model says: its boxes are rounded and often close.
Box widened(const Box& box, const DocumentPage& page) {
  const std::int64_t margin = 2 + std::max(page.width, page.height) / 500;
  return {std::max<std::int64_t>(0, box.x0 - margin), std::max<std::int64_t>(0, box.y0 - margin),
          std::min(page.width, box.x1 + margin), std::min(page.height, box.y1 + margin)};
}

class WordPlacer {
 public:
  WordPlacer(const InkMask& mask, const TextConfidence& confidence, DocumentPage& page)
      : mask_(mask),
        confidence_(confidence),
        page_(page) {}

  void place_all() {
    Source unplaced;  // blocks in a row without boxes
    for (std::size_t i = 0; i < page_.blocks.size(); ++i) {
      const Block& block = page_.blocks[i];
      const bool drawn = block.kind == BlockKind::kFigure && !block.svg.empty();
      if (drawn || block.text.empty()) continue;
      if (block.boxes.empty()) {
        unplaced.add(i, block);
        continue;
      }
      place(std::exchange(unplaced, {}), {whole_page()}, false);
      Source one;
      one.add(i, block);
      std::vector<Box> regions;
      for (const Box& box : block.boxes) regions.push_back(widened(box, page_));
      place(one, regions, block.table.has_value());
    }
    place(unplaced, {whole_page()}, false);
  }

 private:
  Box whole_page() const { return {0, 0, page_.width, page_.height}; }

  void place(const Source& source, const std::vector<Box>& regions, bool rows) {
    if (source.parts.empty()) return;
    const PlacedText placed = place_words(mask_, regions, source.text, rows);
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> lines;  // (block, line) to its place
    for (const PlacedWord& word : placed.words) {
      const Source::Part& part = source.at(word.begin);
      Block& block = page_.blocks[part.block];
      const auto [line, is_new] = lines.try_emplace({part.block, word.line}, block.lines.size());
      if (is_new) block.lines.push_back({});
      add(block, block.lines[line->second], part, word);
    }
    for (const auto& [key, place] : lines) {
      Line& line = page_.blocks[key.first].lines[place];
      for (const Word& word : line.words) line.box = united(line.box, word.box);
    }
  }

  void add(const Block& block, Line& line, const Source::Part& part, const PlacedWord& word) {
    const std::size_t begin = word.begin - part.begin;
    const std::size_t end = word.end - part.begin;
    const std::size_t from = block.answer_begin + part.plain.source[begin];
    const std::size_t to = block.answer_begin + part.plain.source[end - 1] + 1;
    line.words.push_back(
        {part.plain.text.substr(begin, end - begin), word.box, confidence_.over(from, to)});
  }

  const InkMask& mask_;
  const TextConfidence& confidence_;
  DocumentPage& page_;
};

// The words of the document's own text stand where it says.
void place_layer_words(const TextLayer& layer, DocumentPage& page) {
  auto block = page.blocks.begin();
  std::optional<std::size_t> last;  // line, of this block
  for (const LayerWord& word : layer.words) {
    while (block != page.blocks.end() && word.begin >= block->answer_end) {
      ++block;
      last.reset();
    }
    if (block == page.blocks.end()) return;
    if (word.begin < block->answer_begin) continue;
    if (last != word.line) block->lines.emplace_back();
    last = word.line;
    Line& line = block->lines.back();
    line.words.push_back({layer.text.substr(word.begin, word.end - word.begin), word.box, {}});
    line.box = united(line.box, word.box);
  }
}

DocumentPage assemble(const PageFrame& frame, const PageText& text,
                      const TextConfidence& confidence, const AssemblyOptions& options) {
  DocumentPage result;
  result.index = frame.index;
  result.width = frame.width;
  result.height = frame.height;
  result.dpi = frame.dpi;
  result.source = frame.source;
  result.answer = text.text;
  result.mode = text.mode;
  result.prompt = options.prompt;
  result.verdict = options.verdict;
  result.finish = finish_reason_name(text.finish);
  result.vision_tokens = text.vision_tokens;
  result.prompt_tokens = text.prompt_tokens;
  result.generated_tokens = text.generated_tokens;
  ParsedAnswer parsed = parse_answer(text.text, result.width, result.height);
  result.blocks = std::move(parsed.blocks);
  result.problems = std::move(parsed.problems);

  result.confidence = confidence.whole();
  for (Block& block : result.blocks) {
    block.confidence = confidence.over(block.answer_begin, block.answer_end);
  }
  return result;
}

}  // namespace

DocumentPage assemble_text(const PageFrame& frame, const PageText& text,
                           const AssemblyOptions& options) {
  return assemble(frame, text, TextConfidence(text), options);
}

DocumentPage assemble_page(const Page& page, const PageText& text, const AssemblyOptions& options) {
  const TextConfidence confidence(text);
  DocumentPage result =
      assemble({page.source, page.index, page.image.width, page.image.height, page.dpi}, text,
               confidence, options);
  if (page.layer && page.layer->text == text.text) {
    if (options.words) place_layer_words(*page.layer, result);
  } else if (options.words && !result.blocks.empty()) {
    const InkMask mask = find_ink(page.image);
    WordPlacer(mask, confidence, result).place_all();
  }
  return result;
}

}  // namespace lectio
