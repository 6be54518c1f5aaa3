// SPDX-License-Identifier: Apache-2.0
// Python's literals, read without evaluating anything: what the model writes a geometry in
// (spec 9.3).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace lectio {

struct PythonValue {
  enum class Kind { kNone, kBool, kNumber, kString, kList, kDict };
  Kind kind = Kind::kNone;
  double number = 0;  // kNumber, kBool
  std::string string;
  std::vector<PythonValue> items;  // kList (tuples too); values of kDict
  std::vector<std::string> keys;   // of kDict, beside items; only strings are keys

  // The value of a key of a dict; null where it has none.
  const PythonValue* find(std::string_view key) const;
};

// One literal and white space around it: None, True, False, numbers, strings in ' or ", lists,
// tuples and dicts with string keys, at most 32 deep. kInvalidInput names byte and reason.
Result<PythonValue> parse_python_literal(std::string_view text);

}  // namespace lectio
