// SPDX-License-Identifier: Apache-2.0
// What the end-to-end tests share: a scratch folder, the tiny model, broken copies of it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "process.h"

namespace lectio {

class EndToEnd : public testing::Test {
 protected:
  void SetUp() override;

  static std::filesystem::path golden(const std::string& name);
  static std::string page(const std::string& name) {
    return golden("images/" + name + ".png").string();
  }

  // lectio with these arguments.
  static ProcessResult lectio(const std::vector<std::string>& arguments,
                              const ProcessOptions& options = {});
  // lectio read --model tiny-v1 --mode tiny --max-tokens 24 and these arguments.
  static ProcessResult read(const std::vector<std::string>& arguments,
                            const ProcessOptions& options = {});

  std::string write(const std::string& name, const std::string& bytes) const;  // gives its path
  std::filesystem::path copy_of_model() const;  // of tiny-v1, to be broken

  std::filesystem::path folder_;
};

std::string file_bytes(const std::filesystem::path& path);
void write_bytes(const std::filesystem::path& path, const std::string& bytes);

// The one line of an error: "lectio: error: ..." and nothing behind it.
MATCHER_P(IsOneErrorLine, part, "is one error line that has " + std::string(part)) {
  const std::string& text = arg;
  return text.rfind("lectio: error: ", 0) == 0 && text.find('\n') == text.size() - 1 &&
         text.find(part) != std::string::npos;
}

}  // namespace lectio
