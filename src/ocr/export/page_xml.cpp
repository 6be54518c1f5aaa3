// SPDX-License-Identifier: Apache-2.0
// PAGE XML, 2019-07-15.
#include <algorithm>
#include <cstdio>

#include "base/check.h"
#include "ocr/answer/markup.h"
#include "ocr/export/formats.h"
#include "ocr/export/xml.h"

namespace lectio {
namespace {

// The type of a text region; empty for regions of other elements.
const char* type_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::kTitle:
    case BlockKind::kSubTitle:
      return "heading";
    case BlockKind::kCaption:
      return "caption";
    case BlockKind::kHeader:
      return "header";
    case BlockKind::kFooter:
      return "footer";
    case BlockKind::kPageNumber:
      return "page-number";
    case BlockKind::kFootnote:
      return "footnote";
    case BlockKind::kText:
    case BlockKind::kListItem:
      return "paragraph";
    default:
      return "other";
  }
}

std::string point(std::int64_t x, std::int64_t y) {
  return std::to_string(x) + "," + std::to_string(y);
}

// The corners, clockwise, as pixels that belong to the box.
std::string coords(const Box& box) {
  const std::int64_t x1 = std::max(box.x0, box.x1 - 1);
  const std::int64_t y1 = std::max(box.y0, box.y1 - 1);
  return "<Coords" +
         xml_attribute("points", point(box.x0, box.y0) + " " + point(x1, box.y0) + " " +
                                     point(x1, y1) + " " + point(box.x0, y1)) +
         "/>";
}

std::string text_equivalent(std::string_view text, const std::optional<Confidence>& confidence) {
  std::string xml = "<TextEquiv";
  if (confidence) {
    char number[32];
    std::snprintf(number, sizeof(number), "%.4f", std::clamp(confidence->mean, 0.0, 1.0));
    xml += xml_attribute("conf", number);
  }
  return xml + "><Unicode>" + xml_escaped(text) + "</Unicode></TextEquiv>";
}

std::string text_of(const Line& line) {
  std::string text;
  for (const Word& word : line.words) text += (text.empty() ? "" : " ") + word.text;
  return text;
}

std::string lines_of(const Block& block, const std::string& region) {
  std::string xml;
  for (std::size_t l = 0; l < block.lines.size(); ++l) {
    const Line& line = block.lines[l];
    const std::string id = region + "_l" + std::to_string(l + 1);
    xml += "<TextLine" + xml_attribute("id", id) + ">" + coords(line.box);
    for (std::size_t w = 0; w < line.words.size(); ++w) {
      const Word& word = line.words[w];
      xml += "<Word" + xml_attribute("id", id + "_w" + std::to_string(w + 1)) + ">" +
             coords(word.box) + text_equivalent(word.text, word.confidence) + "</Word>";
    }
    xml += text_equivalent(text_of(line), std::nullopt) + "</TextLine>\n";
  }
  return xml;
}

std::string region_of(const Block& block, const std::string& id) {
  const std::string start =
      xml_attribute("id", id) +
      xml_attribute("custom", "structure {type:" + std::string(block_kind_name(block.kind)) + ";}");
  if (block.kind == BlockKind::kFigure && block.lines.empty()) {
    return "<ImageRegion" + start + ">" + coords(block.box()) + "</ImageRegion>\n";
  }
  const std::string text = "<TextRegion" + start + xml_attribute("type", type_of(block.kind)) +
                           ">" + coords(block.box()) + lines_of(block, id) +
                           text_equivalent(plain_text(block.text).text, block.confidence) +
                           "</TextRegion>\n";
  if (!block.table) return text;
  // The words of a table stand in a text region inside of it.
  return "<TableRegion" + xml_attribute("id", id + "_t") +
         xml_attribute("rows", block.table->rows) + xml_attribute("columns", block.table->columns) +
         ">" + coords(block.box()) + text + "</TableRegion>\n";
}

}  // namespace

std::string to_page_xml(const Document& document, std::size_t index) {
  LECTIO_CHECK(index < document.pages.size(), "page " + std::to_string(index));
  const DocumentPage& page = document.pages[index];
  std::string order;
  std::string regions;
  std::int64_t count = 0;
  for (const Block& block : page.blocks) {
    if (block.box().empty()) continue;
    const std::string id = "r" + std::to_string(count + 1);
    regions += region_of(block, id);
    order += "<RegionRefIndexed" + xml_attribute("index", count) +
             xml_attribute("regionRef", block.table ? id + "_t" : id) + "/>";
    ++count;
  }
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<PcGts xmlns=\"http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xsi:schemaLocation=\"http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15 "
      "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15/pagecontent.xsd\">\n"
      "<Metadata><Creator>" +
      xml_escaped(document.producer) + "</Creator><Created>" + xml_escaped(document.created) +
      "</Created><LastChange>" + xml_escaped(document.created) + "</LastChange></Metadata>\n<Page" +
      xml_attribute("imageFilename", page.source) + xml_attribute("imageWidth", page.width) +
      xml_attribute("imageHeight", page.height);
  if (page.confidence) {
    char number[32];
    std::snprintf(number, sizeof(number), "%.4f", std::clamp(page.confidence->mean, 0.0, 1.0));
    xml += xml_attribute("conf", number);
  }
  xml += ">\n";
  if (count > 0) {
    xml += "<ReadingOrder><OrderedGroup id=\"order\">" + order + "</OrderedGroup></ReadingOrder>\n";
  }
  return xml + regions + "</Page>\n</PcGts>\n";
}

}  // namespace lectio
