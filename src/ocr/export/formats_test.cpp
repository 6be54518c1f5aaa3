// SPDX-License-Identifier: Apache-2.0
#include "ocr/export/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ocr/export/base64.h"
#include "ocr/export/testing.h"
#include "ocr/export/xml.h"

namespace lectio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;
using testing_export::document;

TEST(Formats, HaveNamesThatLeadBackToThem) {
  for (const std::string_view name : format_names()) {
    const auto format = format_from_name(name);
    ASSERT_TRUE(format) << name;
    EXPECT_EQ(format_name(*format), name);
  }
  EXPECT_EQ(format_from_name("docx"), std::nullopt);
}

TEST(XmlEscaped, LeavesNothingThatAParserActsOn) {
  EXPECT_EQ(xml_escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(xml_escaped(std::string("x\0\x01\x1F\x7Fy\n", 7)), "xy\n");
  EXPECT_EQ(xml_escaped("\xEF\xBF\xBF\xFFz"), "\xEF\xBF\xBDz");
}

TEST(Base64, FollowsTheRfcsVectors) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFF\xFE"), "//4=");
}

TEST(FiguresOf, CountsBoxesFromZeroOnEveryPage) {
  const Document doc = document();
  const auto figures = figures_of(doc.pages[0], 0);
  ASSERT_EQ(figures.size(), 2U);
  EXPECT_EQ(figures[0].name, "images/0_0.jpg");
  EXPECT_EQ(figures[1].name, "images/0_1.jpg");
  EXPECT_EQ(figures[0].box, doc.pages[0].blocks[6].boxes[0]);
  EXPECT_TRUE(figures_of(doc.pages[1], 1).empty());
}

TEST(ToMarkdown, KeepsTheModelsMarkdownAndPutsPicturesInPlaceOfFigures) {
  const std::string markdown = to_markdown(document());
  EXPECT_THAT(markdown, StartsWith("Running head\n\n# Fish & <script>"));
  EXPECT_THAT(markdown,
              HasSubstr("\n\n- first\n- second\n\n![](images/0_0.jpg)\n"
                        "![](images/0_1.jpg)\n\nFigure 1: two parts\n\nTable 1\n\n<table>"));
  EXPECT_THAT(markdown, HasSubstr("\n7\n\n<!-- page 2 -->\n\nSecond page.\n\nEnd\n"));
  EXPECT_THAT(markdown, Not(HasSubstr("<|")));
}

TEST(ToMarkdown, MarksHeadingsThatTheModelOnlyLabelled) {
  Document doc = document();
  doc.pages = {
      testing_export::page("<|ref|>title<|/ref|><|det|>[[1, 1, 9, 9]]<|/det|>\nTwo\nlines")};
  EXPECT_EQ(to_markdown(doc), "# Two lines\n");
}

TEST(ToText, HasNoMarkup) {
  const std::string text = to_text(document());
  EXPECT_THAT(text, HasSubstr("\n\nSome bold H2O open and \"quoted\" "));
  EXPECT_THAT(text, HasSubstr("\n\n- first\n- second\n\nFigure 1: two parts\n"));
  EXPECT_THAT(text, HasSubstr("A & B\n1 < 2\t"));
  EXPECT_THAT(text, HasSubstr("\n7\n\fSecond page.\n"));
}

TEST(ToRunnerText, IsTheOfficialRunners) {
  Document doc = document();
  EXPECT_THAT(to_runner_text(doc), HasSubstr("![](images/0_0.jpg)\n"));
  EXPECT_THAT(to_runner_text(doc), HasSubstr("\n<--- Page Split --->\n"));
  doc.pages.pop_back();
  EXPECT_THAT(to_runner_text(doc), HasSubstr("![](images/0.jpg)\n"));
  EXPECT_THAT(to_runner_text(doc), Not(HasSubstr("Page Split")));
}

// Whatever the model writes: no element, attribute or address of its own gets through.
TEST(ToHtml, LetsNothingActiveThrough) {
  const std::string html = to_html(document());
  for (const char* bad : {"<script", "<a ", "href", "onclick=\"", "javascript:x\"", "<iframe"}) {
    EXPECT_THAT(html, Not(HasSubstr(std::string(bad) == "href" ? " href=\"" : bad))) << bad;
  }
  EXPECT_THAT(html, HasSubstr("<h1>Fish &amp; &lt;script&gt;alert(1)&lt;/script&gt;</h1>"));
  EXPECT_THAT(html, HasSubstr("Some <strong>bold</strong> H<sub>2</sub>O <b>open and "));
  EXPECT_THAT(html, HasSubstr("text&lt;/a&gt;.</b></p>"));
  EXPECT_THAT(html, HasSubstr("<ul class=\"items\">\n<li>first</li>\n<li>second</li>\n</ul>\n"));
  EXPECT_THAT(html, HasSubstr("<th colspan=\"2\">A &amp; B</th></tr>\n<tr><td>1 &lt; 2</td>"));
  EXPECT_THAT(html, HasSubstr("<img src=\"images/0_0.jpg\" alt=\"\">"));
  EXPECT_THAT(html, HasSubstr("<title>input &lt;x&gt;</title>"));
}

TEST(ToHtml, LetsOnlyInlineTagsOfTheListThrough) {
  Document doc = document();
  doc.pages = {
      testing_export::page("a</p><div>b</div> <center>c</center></table> <sup>d</i></sup>")};
  EXPECT_THAT(to_html(doc), HasSubstr("<p class=\"text\">a  b   c   <sup>d</sup></p>\n"));
}

TEST(ToHtml, PutsPicturesIntoTheFileWhereTheyAreGiven) {
  const std::string html = to_html(document(), [](const std::string& name) {
    return name == "images/0_1.jpg" ? std::optional<std::string>("foo") : std::nullopt;
  });
  EXPECT_THAT(html, HasSubstr("<img src=\"images/0_0.jpg\""));
  EXPECT_THAT(html, HasSubstr("<img src=\"data:image/jpeg;base64,Zm9v\""));
}

TEST(ToJson, HasEverything) {
  const Json json = Json::parse(to_json(document()));
  EXPECT_EQ(json["schema"], "lectio.document");
  EXPECT_EQ(json["schema_version"], 1);
  const Json& page = json["pages"][0];
  EXPECT_EQ(page["pixels"], Json::parse(R"({"width": 1000, "height": 2000})"));
  EXPECT_FALSE(page.contains("points"));
  EXPECT_EQ(page["answer"], testing_export::kAnswer);
  EXPECT_EQ(page["confidence"], Json::parse(R"({"mean": 0.875, "lowest": 0.25})"));
  const Json& title = page["blocks"][1];
  EXPECT_EQ(title["kind"], "title");
  EXPECT_EQ(title["model_boxes"], Json::parse("[[100, 50, 900, 100]]"));
  EXPECT_EQ(title["boxes"], Json::parse("[[100, 100, 900, 200]]"));
  EXPECT_EQ(title["lines"][0]["words"][0]["text"], "w0<&\"");
  EXPECT_EQ(title["lines"][0]["words"][0]["confidence"]["lowest"], 0.5);
  EXPECT_EQ(page["blocks"][6]["figures"], Json::parse(R"(["images/0_0.jpg", "images/0_1.jpg"])"));
  EXPECT_EQ(page["blocks"][9]["table"]["cells"][0]["column_span"], 2);
  EXPECT_EQ(json["pages"][1]["points"]["width"], 500);
  EXPECT_EQ(json["pages"][1]["confidence"]["mean"], 0.875);
}

TEST(ToContentList, HasTheFieldsOfMinerU) {
  const Json list = Json::parse(to_content_list(document()));
  std::vector<std::string> types;
  for (const Json& item : list) types.push_back(item["type"]);
  EXPECT_THAT(types, ElementsAre("header", "text", "text", "text", "list", "list", "image", "image",
                                 "table", "equation", "page_number", "text", "text"));
  EXPECT_EQ(list[1]["text_level"], 1);
  EXPECT_EQ(list[3]["text_level"], 2);
  EXPECT_FALSE(list[2].contains("text_level"));
  EXPECT_EQ(list[1]["bbox"], Json::parse("[100, 50, 900, 100]"));
  EXPECT_EQ(list[7]["img_path"], "images/0_1.jpg");
  EXPECT_EQ(list[7]["image_caption"], Json::parse(R"(["Figure 1: two parts"])"));
  EXPECT_EQ(list[8]["table_caption"], Json::parse(R"(["Table 1"])"));
  EXPECT_THAT(list[8]["table_body"].get<std::string>(), StartsWith("<table><tr><th"));
  EXPECT_EQ(list[9]["text_format"], "latex");
  EXPECT_EQ(list[11]["page_idx"], 1);
}

// Every reference leads to an item that says so itself, and back to its parent.
void check_references(const Json& json, const Json& item) {
  for (const Json& child : item["children"]) {
    const std::string path = child["$ref"];
    const Json& target = json.at(Json::json_pointer(path.substr(1)));
    EXPECT_EQ(target["self_ref"], path);
    EXPECT_EQ(target["parent"]["$ref"], item["self_ref"]);
    check_references(json, target);
  }
}

TEST(ToDocling, IsATreeOfReferences) {
  const Json json = Json::parse(to_docling(document()));
  EXPECT_EQ(json["schema_name"], "DoclingDocument");
  check_references(json, json["body"]);
  EXPECT_EQ(json["texts"].size(), 12U);
  EXPECT_EQ(json["texts"][0]["label"], "page_header");
  EXPECT_EQ(json["texts"][0]["content_layer"], "furniture");
  EXPECT_EQ(json["groups"].size(), 1U);
  EXPECT_EQ(json["groups"][0]["children"].size(), 2U);
  EXPECT_EQ(json["pictures"].size(), 1U);
  EXPECT_EQ(json["pictures"][0]["captions"].size(), 1U);
  EXPECT_EQ(json["tables"][0]["data"]["num_cols"], 2);
  EXPECT_EQ(json["tables"][0]["data"]["table_cells"][0]["column_header"], true);
  EXPECT_EQ(json["tables"][0]["captions"].size(), 1U);
  const Json& bbox = json["texts"][1]["prov"][0]["bbox"];
  EXPECT_EQ(bbox["t"], 1900);
  EXPECT_EQ(bbox["b"], 1800);
  EXPECT_EQ(json["pages"]["2"]["size"]["height"], 1000);
}

TEST(ToDolma, IsOneLineWithThePageOfEveryCharacter) {
  const std::string line = to_dolma(document());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const Json json = Json::parse(line);
  const std::string text = json["text"];
  EXPECT_THAT(text, StartsWith("Fish & "));  // neither header nor page number
  const Json spans = json["attributes"]["pdf_page_numbers"];
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0][0], 0);
  EXPECT_EQ(spans[0][1], spans[1][0]);
  EXPECT_EQ(spans[1][1], text.size());  // all of it is ASCII
  EXPECT_EQ(text.substr(spans[1][0].get<std::size_t>()), "Second page.\n\nEnd");
  EXPECT_EQ(json["attributes"]["is_table"], Json::parse("[true, false]"));
  EXPECT_EQ(json["metadata"]["total-output-tokens"], 200);
  EXPECT_EQ(json["id"].get<std::string>().size(), 64U);
}

TEST(ToHocr, PlacesWordsWithTheirConfidence) {
  const std::string hocr = to_hocr(document());
  EXPECT_THAT(hocr,
              HasSubstr("title=\"image &quot;in _put_.png&quot;; bbox 0 0 1000 2000; ppageno 0\""));
  EXPECT_THAT(hocr,
              HasSubstr("title=\"bbox 100 100 364 200; x_wconf 90\">w0&lt;&amp;&quot;</span>"));
  EXPECT_THAT(hocr, HasSubstr("class=\"ocr_photo\""));
}

TEST(ToAlto, PlacesWordsWithTheirConfidence) {
  const std::string alto = to_alto(document());
  EXPECT_THAT(alto,
              HasSubstr("CONTENT=\"w0&lt;&amp;&quot;\" HPOS=\"100\" VPOS=\"100\" WIDTH=\"264\" "
                        "HEIGHT=\"100\" WC=\"0.9000\"/>"));
  EXPECT_THAT(alto, HasSubstr("PC=\"0.8750\""));
  EXPECT_THAT(alto, HasSubstr("<Illustration"));
}

TEST(ToPageXml, PlacesWordsWithTheirConfidence) {
  const std::string xml = to_page_xml(document(), 0);
  EXPECT_THAT(xml, HasSubstr("<Coords points=\"100,100 363,100 363,199 100,199\"/>"
                             "<TextEquiv conf=\"0.9000\"><Unicode>w0&lt;&amp;&quot;</Unicode>"));
  EXPECT_THAT(xml, HasSubstr("<TableRegion id=\"r10_t\" rows=\"2\" columns=\"2\">"));
}

}  // namespace
}  // namespace lectio
