// SPDX-License-Identifier: Apache-2.0
// Markdown, plain text and the official runner's text.
#include <algorithm>

#include "ocr/answer/answer.h"
#include "ocr/answer/grounding.h"
#include "ocr/answer/markup.h"
#include "ocr/answer/runner_text.h"
#include "ocr/export/formats.h"

namespace lectio {
namespace {

std::string pictures_of(const Block& block, const std::vector<FigureBox>& figures) {
  std::string text;
  for (const FigureBox& figure : figures) {
    if (figure.block == &block) text += (text.empty() ? "![](" : "\n![](") + figure.name + ")";
  }
  return text;
}

// A block as Markdown, without line feeds around it.
std::string markdown_of(const Block& block, const std::vector<FigureBox>& figures) {
  std::string text(trimmed(without_marks(block.text)));
  switch (block.kind) {
    case BlockKind::kTitle:
    case BlockKind::kSubTitle: {
      const bool marked = heading_level(std::string_view(text)) > 0;
      if (marked || text.empty()) return text;
      std::replace(text.begin(), text.end(), '\n', ' ');  // a heading is one line
      return (block.kind == BlockKind::kTitle ? "# " : "## ") + text;
    }
    case BlockKind::kFigure: {
      const std::string pictures = pictures_of(block, figures);
      if (pictures.empty() || !block.svg.empty()) return pictures.empty() ? text : pictures;
      return text.empty() ? pictures : pictures + "\n\n" + text;
    }
    default:
      return text;
  }
}

bool joins_list(const Block* before, const Block& block) {
  return before != nullptr && before->kind == BlockKind::kListItem &&
         block.kind == BlockKind::kListItem;
}

}  // namespace

std::string to_markdown(const Document& document) {
  std::string markdown;
  for (std::size_t place = 0; place < document.pages.size(); ++place) {
    const DocumentPage& page = document.pages[place];
    if (place > 0) markdown += "\n<!-- page " + std::to_string(place + 1) + " -->\n\n";
    const std::vector<FigureBox> figures = figures_of(page, place);
    const Block* before = nullptr;
    for (const Block& block : page.blocks) {
      const std::string text = markdown_of(block, figures);
      if (text.empty()) continue;
      if (before != nullptr && !joins_list(before, block)) markdown += "\n";
      markdown += text + "\n";
      before = &block;
    }
  }
  return markdown;
}

std::string to_text(const Document& document) {
  std::string text;
  for (std::size_t place = 0; place < document.pages.size(); ++place) {
    if (place > 0) text += "\f";
    const Block* before = nullptr;
    for (const Block& block : document.pages[place].blocks) {
      const std::string plain = plain_text(block.text).text;
      if (plain.empty() || !block.svg.empty()) continue;
      if (before != nullptr && !joins_list(before, block)) text += "\n";
      text += plain + "\n";
      before = &block;
    }
  }
  return text;
}

std::string to_runner_text(const Document& document) {
  if (document.pages.size() == 1) return image_runner_text(document.pages.front().answer);
  std::vector<RunnerPage> pages;
  for (const DocumentPage& page : document.pages) {
    pages.push_back({page.answer, page.finish == "stop"});
  }
  return pdf_runner_text(pages);
}

}  // namespace lectio
