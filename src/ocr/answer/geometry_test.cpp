// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/geometry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ocr/answer/python_literal.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kFigure =
    "{'Line': {'line': ['(-3.5, 0.0) -- (4, 2)', '(4, 2) -- (0, -6)'], 'line_type': ['--', '--'], "
    "'line_endpoint': ['A: (-3.5, 0.0)', 'B<: (4, 2)']}, "
    "'Circle': {'circle_center': ['O: (0, 0)'], 'radius': [5]}}";

TEST(ParseGeometry, ReadsLinesEndpointsAndCircles) {
  const auto geometry = parse_geometry(kFigure);
  ASSERT_TRUE(geometry) << geometry.error().message();
  ASSERT_THAT(geometry->segments, SizeIs(2));
  EXPECT_EQ(geometry->segments[0].from, (Point{-3.5, 0}));
  EXPECT_EQ(geometry->segments[1].to, (Point{0, -6}));
  EXPECT_EQ(geometry->segments[1].style, "--");
  ASSERT_THAT(geometry->endpoints, SizeIs(2));
  EXPECT_EQ(geometry->endpoints[0].name, "A");
  ASSERT_THAT(geometry->circles, SizeIs(1));
  EXPECT_EQ(geometry->circles[0].radius, 5);
}

TEST(ParseGeometry, LeavesOutEntriesThatCannotBeRead) {
  const auto geometry = parse_geometry(
      "{'Line': {'line': ['(1, 2) -- (3, 4)', '(1, 2) - (3, 4)', 7, '(1, nan) -- (3, 4)'], "
      "'line_type': [], 'line_endpoint': ['A (1, 2)', 'B: (1, 2) x']}, "
      "'Circle': {'circle_center': ['O: (0, 0)', 'P: (0, 0)'], 'radius': [-1, '2']}}");
  ASSERT_TRUE(geometry);
  EXPECT_THAT(geometry->segments, SizeIs(1));
  EXPECT_THAT(geometry->endpoints, IsEmpty());
  EXPECT_THAT(geometry->circles, IsEmpty());
}

TEST(ParseGeometry, RefusesWhatIsNoDictionary) {
  for (const char* text : {"line_type", "{'Line': 3}", "{'x': {}}", "{", "}{", "{'Line': {}",
                           "{'Line': __import__('os')}", "{1: 2}"}) {
    EXPECT_FALSE(parse_geometry(text)) << text;
  }
}

TEST(ParseGeometry, NeverFailsHardWhereverTheTextIsCutOrFlipped) {
  const std::string whole(kFigure);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    static_cast<void>(parse_geometry(whole.substr(0, at)));
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      if (const auto geometry = parse_geometry(flipped)) {
        EXPECT_THAT(geometry_svg(*geometry), HasSubstr("</svg>"));
      }
    }
  }
}

TEST(GeometrySvg, PutsTheOriginInTheMiddleAndYUpwards) {
  const std::string svg = geometry_svg(*parse_geometry(kFigure));
  EXPECT_THAT(svg, HasSubstr("<line x1=\"230\" y1=\"300\" x2=\"380\" y2=\"260\"/>"));
  EXPECT_THAT(svg, HasSubstr("<circle cx=\"300\" cy=\"300\" r=\"100\"/>"));
  EXPECT_THAT(svg, HasSubstr(">A</text>"));
  EXPECT_THAT(svg, HasSubstr(">B&lt;</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("B<")));
}

TEST(PythonLiteral, ReadsWhatPythonReads) {
  const auto value =
      parse_python_literal(" {'a': [1, -2.5, +3, ('x', \"y'\\n\",), None, True], } ");
  ASSERT_TRUE(value) << value.error().message();
  const PythonValue* const a = value->find("a");
  ASSERT_NE(a, nullptr);
  ASSERT_THAT(a->items, SizeIs(6));
  EXPECT_EQ(a->items[1].number, -2.5);
  EXPECT_EQ(a->items[2].number, 3);
  EXPECT_EQ(a->items[3].items.at(1).string, "y'\n");
  EXPECT_EQ(a->items[5].kind, PythonValue::Kind::kBool);
}

TEST(PythonLiteral, SaysWhereItEnds) {
  const auto value = parse_python_literal("[1, foo()]");
  ASSERT_FALSE(value);
  EXPECT_THAT(value.error().message(), HasSubstr("byte 4: expected a literal, found 'f'"));
  EXPECT_FALSE(parse_python_literal(std::string(1000, '[')));
  EXPECT_FALSE(parse_python_literal("1 2"));
  EXPECT_FALSE(parse_python_literal("'a\nb'"));
  EXPECT_FALSE(parse_python_literal("1e999"));
}

}  // namespace
}  // namespace lectio
