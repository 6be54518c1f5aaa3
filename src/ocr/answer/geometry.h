// SPDX-License-Identifier: Apache-2.0
// What "Parse the figure" gives for plane geometry, and its picture (spec 9.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lectio {

struct Point {
  double x = 0, y = 0;
  bool operator==(const Point&) const = default;
};

// In the coordinates of the answer: -15 to 15, y upwards.
struct Geometry {
  struct Segment {
    Point from, to;
    std::string style;  // "--" as the model writes it; may be empty
  };
  struct Named {
    std::string name;
    Point at;
  };
  struct Circle {
    Point center;
    double radius = 0;
  };
  std::vector<Segment> segments;
  std::vector<Named> endpoints;
  std::vector<Circle> circles;
};

// Whether the text is such an answer: it says line_type.
bool is_geometry(std::string_view answer);

// {'Line': {'line': ["(x1, y1) -- (x2, y2)", ...], 'line_type': [...], 'line_endpoint':
// ["A: (x, y)", ...]}, 'Circle': {'circle_center': ["O: (x, y)"], 'radius': [...]}}. Entries that
// cannot be read are left out; kInvalidInput where the whole is no such dictionary.
Result<Geometry> parse_geometry(std::string_view answer);

// 600 x 600, as the official runner plots it: both axes from -15 to 15, black lines of 0.8 points
// at 200 dpi, endpoints as dots with their names.
std::string geometry_svg(const Geometry& geometry);

}  // namespace lectio
