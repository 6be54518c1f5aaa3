// SPDX-License-Identifier: Apache-2.0
// ALTO 4.2.
#include <algorithm>
#include <cstdio>
#include <set>

#include "ocr/export/formats.h"
#include "ocr/export/xml.h"

namespace lectio {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.4f", std::clamp(value, 0.0, 1.0));
  return text;
}

std::string place(const Box& box) {
  return xml_attribute("HPOS", box.x0) + xml_attribute("VPOS", box.y0) +
         xml_attribute("WIDTH", box.width()) + xml_attribute("HEIGHT", box.height());
}

class AltoWriter {
 public:
  std::string write(const Document& document) {
    alto_ =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<alto xmlns=\"http://www.loc.gov/standards/alto/ns-v4#\" "
        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
        "xsi:schemaLocation=\"http://www.loc.gov/standards/alto/ns-v4# "
        "http://www.loc.gov/standards/alto/v4/alto-4-2.xsd\" SCHEMAVERSION=\"4.2\">\n"
        "<Description><MeasurementUnit>pixel</MeasurementUnit><sourceImageInformation><fileName>" +
        xml_escaped(document.source) +
        "</fileName></sourceImageInformation><Processing ID=\"processing_1\">"
        "<processingSoftware><softwareName>" +
        xml_escaped(document.producer) +
        "</softwareName></processingSoftware></Processing></Description>\n";
    add_tags(document);
    alto_ += "<Layout>\n";
    for (std::size_t i = 0; i < document.pages.size(); ++i) add_page(document.pages[i], i);
    return std::move(alto_) + "</Layout>\n</alto>\n";
  }

 private:
  // A tag for every kind of block that there is.
  void add_tags(const Document& document) {
    std::set<std::string> kinds;
    for (const DocumentPage& page : document.pages) {
      for (const Block& block : page.blocks) kinds.emplace(block_kind_name(block.kind));
    }
    if (kinds.empty()) return;
    alto_ += "<Tags>";
    for (const std::string& kind : kinds) {
      alto_ +=
          "<LayoutTag" + xml_attribute("ID", "tag_" + kind) + xml_attribute("LABEL", kind) + "/>";
    }
    alto_ += "</Tags>\n";
  }

  void add_page(const DocumentPage& page, std::size_t index) {
    number_ = std::to_string(index + 1);
    block_ = line_ = word_ = 0;
    alto_ += "<Page" + xml_attribute("ID", "page_" + number_) +
             xml_attribute("PHYSICAL_IMG_NR", number_) + xml_attribute("WIDTH", page.width) +
             xml_attribute("HEIGHT", page.height);
    if (page.confidence) alto_ += xml_attribute("PC", number(page.confidence->mean));
    alto_ += "><PrintSpace" + place({0, 0, page.width, page.height}) + ">\n";
    for (const Block& block : page.blocks) add_block(block);
    alto_ += "</PrintSpace></Page>\n";
  }

  void add_block(const Block& block) {
    const Box box = block.box();
    if (box.empty()) return;
    const std::string attributes =
        xml_attribute("ID", "block_" + number_ + "_" + std::to_string(++block_)) +
        xml_attribute("TAGREFS", "tag_" + std::string(block_kind_name(block.kind))) + place(box);
    if (block.kind == BlockKind::kFigure && block.lines.empty()) {
      alto_ += "<Illustration" + attributes + "/>\n";
      return;
    }
    alto_ += "<TextBlock" + attributes + ">\n";
    for (const Line& line : block.lines) {
      if (!line.words.empty()) add_line(line);
    }
    alto_ += "</TextBlock>\n";
  }

  void add_line(const Line& line) {
    alto_ += "<TextLine" + xml_attribute("ID", "line_" + number_ + "_" + std::to_string(++line_)) +
             place(line.box) + ">";
    const Word* before = nullptr;
    for (const Word& word : line.words) {
      if (before != nullptr) {
        const Box gap{before->box.x1, word.box.y0, std::max(before->box.x1, word.box.x0),
                      word.box.y1};
        alto_ += "<SP" + xml_attribute("HPOS", gap.x0) + xml_attribute("VPOS", gap.y0) +
                 xml_attribute("WIDTH", gap.width()) + "/>";
      }
      before = &word;
      alto_ += "<String" + xml_attribute("ID", "word_" + number_ + "_" + std::to_string(++word_)) +
               xml_attribute("CONTENT", word.text) + place(word.box);
      if (word.confidence) alto_ += xml_attribute("WC", number(word.confidence->mean));
      alto_ += "/>";
    }
    alto_ += "</TextLine>\n";
  }

  std::string alto_;
  std::string number_;  // of the page
  std::int64_t block_ = 0, line_ = 0, word_ = 0;
};

}  // namespace

std::string to_alto(const Document& document) { return AltoWriter().write(document); }

}  // namespace lectio
