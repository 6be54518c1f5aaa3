// SPDX-License-Identifier: Apache-2.0
#include "proof/report.h"

#include <algorithm>
#include <utility>

namespace lectio::proof {

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kOff:
      return "OFF";
    case Verdict::kTold:
      return "told";
  }
  return "";
}

StageCheck told(std::string stage, Measure measure) {
  StageCheck check;
  check.stage = std::move(stage);
  check.measure = measure;
  return check;
}

StageCheck judged(StageCheck check) {
  const double figure = check.measure == Measure::kNorm ? check.norm_error : check.max_error;
  check.verdict = figure <= check.tolerance ? Verdict::kPass : Verdict::kOff;
  return check;
}

const StageCheck* CaseReport::first_off() const {
  const auto off = std::ranges::find(checks, Verdict::kOff, &StageCheck::verdict);
  return off == checks.end() ? nullptr : &*off;
}

}  // namespace lectio::proof
