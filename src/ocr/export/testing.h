// SPDX-License-Identifier: Apache-2.0
// A small document that has something of everything, hostile text included.
#pragma once

#include <string>
#include <utility>

#include "ocr/answer/answer.h"
#include "ocr/document/document.h"

namespace lectio::testing_export {

inline constexpr const char* kAnswer =
    "<|ref|>header<|/ref|><|det|>[[100, 10, 900, 40]]<|/det|>\nRunning head\n\n"
    "<|ref|>title<|/ref|><|det|>[[100, 50, 900, 100]]<|/det|>\n# Fish & "
    "<script>alert(1)</script>\n\n"
    "<|ref|>text<|/ref|><|det|>[[100, 120, 900, 300]]<|/det|>\n"
    "Some **bold** H<sub>2</sub>O <b>open and \"quoted\" <a href=\"javascript:x\">text</a>.\n\n"
    "<|ref|>sub_title<|/ref|><|det|>[[100, 310, 900, 340]]<|/det|>\n## Part\n\n"
    "<|ref|>list<|/ref|><|det|>[[100, 350, 900, 370]]<|/det|>\n- first\n\n"
    "<|ref|>list<|/ref|><|det|>[[100, 380, 900, 400]]<|/det|>\n- second\n\n"
    "<|ref|>image<|/ref|><|det|>[[100, 410, 400, 600], [500, 410, 900, 600]]<|/det|>\n"
    "<|ref|>image_caption<|/ref|><|det|>[[100, 610, 900, 630]]<|/det|>\nFigure 1: two parts\n\n"
    "<|ref|>table_caption<|/ref|><|det|>[[100, 640, 900, 660]]<|/det|>\nTable 1\n\n"
    "<|ref|>table<|/ref|><|det|>[[100, 670, 900, 800]]<|/det|>\n"
    "<table><tr><th colspan=\"2\">A &amp; B</th></tr><tr><td onclick=\"x\">1 < 2</td>"
    "<td><script>y</script></td></tr></table>\n\n"
    "<|ref|>equation<|/ref|><|det|>[[100, 810, 900, 850]]<|/det|>\n\\[ a < b \\]\n\n"
    "<|ref|>page_number<|/ref|><|det|>[[450, 960, 550, 980]]<|/det|>\n7";

// Words in their blocks, one line a block, evenly spaced: enough for the formats of words.
inline void set_lines(Block& block) {
  if (block.boxes.empty() || block.kind == BlockKind::kFigure) return;
  const Box box = block.boxes.front();
  Line line{box, {}};
  for (int i = 0; i < 3; ++i) {
    const std::int64_t step = box.width() / 3;
    line.words.push_back({"w" + std::to_string(i) + "<&\"",
                          {box.x0 + i * step, box.y0, box.x0 + (i + 1) * step - 2, box.y1},
                          Confidence{0.9, 0.5}});
  }
  block.lines.push_back(std::move(line));
}

inline DocumentPage page(std::string answer) {
  DocumentPage page;
  page.width = 1000;
  page.height = 2000;
  page.source = "in \"put\".png";
  page.answer = std::move(answer);
  ParsedAnswer parsed = parse_answer(page.answer, page.width, page.height);
  page.blocks = std::move(parsed.blocks);
  page.problems = std::move(parsed.problems);
  page.confidence = Confidence{0.875, 0.25};
  page.mode = "base";
  page.prompt = "<image>\nFree OCR.";
  page.finish = "stop";
  page.prompt_tokens = 280;
  page.generated_tokens = 100;
  for (Block& block : page.blocks) set_lines(block);
  return page;
}

inline Document document() {
  Document document;
  document.name = "input <x>";
  document.source = "input.pdf";
  document.producer = "lectio 0.0.0";
  document.model = "tiny";
  document.pages = {page(kAnswer), page("Second page.\n\nEnd")};
  document.pages[1].index = 1;
  document.pages[1].dpi = 144;
  return document;
}

}  // namespace lectio::testing_export
