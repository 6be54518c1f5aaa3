// SPDX-License-Identifier: Apache-2.0
// Line charts as SVG, drawn by gnuplot in a process of its own.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace lectio {

struct PlotPoint {
  double x = 0, y = 0;
  double low = 0, high = 0;  // of an error bar; equal to y for none
};

struct PlotSeries {
  std::string name;  // in the legend
  std::vector<PlotPoint> points;
};

struct Chart {
  std::string title, x_label, y_label;
  double y_min = 0, y_max = 1;
  std::vector<PlotSeries> series;

  // The series of that name, added at the end where there is none.
  PlotSeries& line(const std::string& name);
};

// What gnuplot is told for the charts side by side: data, then drawing, to standard output. Text is
// quoted; numbers that are not finite are left out.
std::string plot_script(std::span<const Chart> charts);

// The charts as one SVG picture. kMissingProgram without gnuplot, kIo where it fails.
Result<std::string> draw_svg(std::span<const Chart> charts);

}  // namespace lectio
