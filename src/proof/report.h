// SPDX-License-Identifier: Apache-2.0
// What a proof found, as data: one line a stage.
#pragma once

#include <string>
#include <vector>

namespace lectio::proof {

enum class Verdict {
  kPass,
  kOff,
  kTold,  // a figure without a bound
};
const char* verdict_name(Verdict verdict);  // "pass", "OFF", "told"

// What the tolerance bounds.
enum class Measure {
  kMax,    // the largest difference over the root mean square of the stage
  kNorm,   // the norm of the differences over the norm of the stage
  kCount,  // how many differ, of what the golden file has
  kLogit,  // the largest difference, as it is
};

// A stage against its golden numbers. Counts stand in max_error, their share in norm_error.
struct StageCheck {
  std::string stage;
  double max_error = 0;
  double norm_error = 0;
  Measure measure = Measure::kMax;
  double tolerance = 0;
  Verdict verdict = Verdict::kTold;
  std::string note;  // the number that is furthest off, or what the figure means
};

// A figure without a bound, to be filled in.
StageCheck told(std::string stage, Measure measure);
// pass or off, by the figure that the measure names.
StageCheck judged(StageCheck check);

struct CaseReport {
  std::string name;
  std::vector<StageCheck> checks;  // in the order of the network

  const StageCheck* first_off() const;  // null: all is well
};

}  // namespace lectio::proof
