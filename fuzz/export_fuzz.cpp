// SPDX-License-Identifier: Apache-2.0
// Any answer as a document: HTML has no element but ours, JSON parses, nothing fails.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/check.h"
#include "ocr/answer/answer.h"
#include "ocr/export/formats.h"

namespace {

constexpr std::array<std::string_view, 32> kElements = {
    "section", "h1",     "h2",  "h3",         "h4",    "h5",      "h6",   "p",
    "ul",      "li",     "pre", "div",        "table", "caption", "tr",   "td",
    "th",      "figure", "img", "figcaption", "b",     "i",       "u",    "s",
    "em",      "strong", "sub", "sup",        "br",    "body",    "html", "head"};

// Every < begins one of our elements, and no attribute is an event or an address.
void check_html(std::string_view html) {
  html.remove_prefix(html.find("<body>"));
  for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at + 1)) {
    std::size_t name = at + 1;
    if (html[name] == '/') ++name;
    const std::size_t end = html.find_first_of(" >", name);
    const std::string_view element = html.substr(name, end - name);
    LECTIO_CHECK(std::find(kElements.begin(), kElements.end(), element) != kElements.end(),
                 std::string(element));
    const std::string_view tag = html.substr(end, html.find('>', end) - end);
    LECTIO_CHECK(tag.find(" on") == std::string_view::npos &&
                     tag.find("href") == std::string_view::npos &&
                     tag.find("style") == std::string_view::npos,
                 std::string(tag));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lectio::Document document;
  document.name = "fuzz";
  lectio::DocumentPage page;
  page.width = 600;
  page.height = 800;
  page.finish = "stop";
  page.answer.assign(reinterpret_cast<const char*>(data), size);
  page.blocks = lectio::parse_answer(page.answer, page.width, page.height).blocks;
  for (lectio::Block& block : page.blocks) {
    lectio::Word word;
    word.text = block.text.substr(0, 20);
    word.box = {1, 2, 30, 40};
    block.lines.push_back({word.box, {word}});
  }
  document.pages = {page, page};
  check_html(lectio::to_html(document));
  for (const std::string& json : {lectio::to_json(document), lectio::to_content_list(document),
                                  lectio::to_docling(document), lectio::to_dolma(document)}) {
    LECTIO_CHECK(nlohmann::json::accept(json), json);
  }
  for (const std::string& xml :
       {lectio::to_hocr(document), lectio::to_alto(document), lectio::to_page_xml(document, 1)}) {
    LECTIO_CHECK(xml.find("<script") == std::string::npos, xml);
  }
  static_cast<void>(lectio::to_markdown(document));
  static_cast<void>(lectio::to_text(document));
  static_cast<void>(lectio::to_runner_text(document));
  return 0;
}
