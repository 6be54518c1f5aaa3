// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

namespace lectio {

Error Error::within(std::string_view context) const {
  return Error(code_, std::string(context) + ": " + message_);
}

}  // namespace lectio
