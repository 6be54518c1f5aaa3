// SPDX-License-Identifier: Apache-2.0
#include "media/plot/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/file_descriptor.h"
#include "base/program.h"

namespace lectio {
namespace {

constexpr const char* kGnuplot = "/usr/bin/gnuplot";
constexpr int kChartWidth = 620, kChartHeight = 480;

// As gnuplot reads it between single quotes, where a quote is doubled and a line ends the text.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out + "'";
}

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", x);
  return text;
}

std::string data_name(std::size_t chart, std::size_t series) {
  return "$d" + std::to_string(chart) + "_" + std::to_string(series);
}

void add_data(std::string& script, const std::string& name, const PlotSeries& series) {
  script += name + " << EOD\n";
  for (const PlotPoint& p : series.points) {
    if (!std::isfinite(p.x + p.y + p.low + p.high)) continue;
    script += number(p.x) + ' ' + number(p.y) + ' ' + number(p.low) + ' ' + number(p.high) + '\n';
  }
  script += "EOD\n";
}

bool has_bars(const PlotSeries& series) {
  for (const PlotPoint& p : series.points) {
    if (p.low != p.y || p.high != p.y) return true;
  }
  return false;
}

void add_chart(std::string& script, const Chart& chart, std::size_t index) {
  script += "set title " + quoted(chart.title) + "\nset xlabel " + quoted(chart.x_label) +
            "\nset ylabel " + quoted(chart.y_label) + "\nset yrange [" + number(chart.y_min) + ":" +
            number(chart.y_max) + "]\nplot ";
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const PlotSeries& series = chart.series[i];
    const std::string style = " pt 7 ps 0.5 lw 1.5 lc " + std::to_string(i + 1);
    const std::string data = data_name(index, i), title = " title " + quoted(series.name);
    if (i > 0) script += ", ";
    script += has_bars(series)
                  ? data + " using 1:2:3:4 with yerrorlines" + style + title
                  : data + " using 1:2 with lines lw 1.5 lc " + std::to_string(i + 1) + title;
  }
  script += "\n";
}

}  // namespace

PlotSeries& Chart::line(const std::string& name) {
  const auto found = std::ranges::find(series, name, &PlotSeries::name);
  return found != series.end() ? *found : series.emplace_back(PlotSeries{name, {}});
}

std::string plot_script(std::span<const Chart> charts) {
  std::string script = "set terminal svg noenhanced background 'white' font 'Helvetica,13' size " +
                       std::to_string(kChartWidth * static_cast<int>(charts.size())) + "," +
                       std::to_string(kChartHeight) +
                       "\nset grid lc rgb '#d8d8d8'\nset border 3\nset tics nomirror\n"
                       "set key bottom left\n";
  for (std::size_t c = 0; c < charts.size(); ++c) {
    for (std::size_t s = 0; s < charts[c].series.size(); ++s) {
      add_data(script, data_name(c, s), charts[c].series[s]);
    }
  }
  script += "set multiplot layout 1," + std::to_string(charts.size()) + "\n";
  for (std::size_t c = 0; c < charts.size(); ++c) add_chart(script, charts[c], c);
  return script + "unset multiplot\n";
}

Result<std::string> draw_svg(std::span<const Chart> charts) {
  LECTIO_TRY(const FileDescriptor script, anonymous_file(plot_script(charts), "gnuplot"));
  ProgramRequest request;
  request.program = kGnuplot;
  request.arguments = {kProgramInput};
  request.input = script.get();
  const Result<ProgramResult> drawn = run_program(request);
  if (!drawn && drawn.error().code() == ErrorCode::kNotFound) {
    return Error(ErrorCode::kMissingProgram,
                 "gnuplot is not installed (Debian package gnuplot-nox)");
  }
  if (!drawn) return drawn.error();
  if (drawn->code != 0 || drawn->out.find("<svg") == std::string::npos) {
    return Error(ErrorCode::kIo, "gnuplot: " + drawn->err);
  }
  return drawn->out;
}

}  // namespace lectio
