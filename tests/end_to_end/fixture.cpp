// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

#include <fstream>
#include <sstream>

namespace lectio {

void EndToEnd::SetUp() {
  const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
  folder_ = std::filesystem::path(testing::TempDir()) / "lectio_end_to_end" / test->name();
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
}

std::filesystem::path EndToEnd::golden(const std::string& name) {
  return std::filesystem::path(LECTIO_SOURCE_DIR) / "tests/golden" / name;
}

ProcessResult EndToEnd::lectio(const std::vector<std::string>& arguments,
                               const ProcessOptions& options) {
  return run_process(LECTIO_BINARY, arguments, options);
}

ProcessResult EndToEnd::read(const std::vector<std::string>& arguments,
                             const ProcessOptions& options) {
  std::vector<std::string> all = {"read",   "--model",   golden("tiny-v1").string(),
                                  "--mode", "tiny",      "--max-tokens",
                                  "24",     "--threads", "1"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return lectio(all, options);
}

std::string EndToEnd::write(const std::string& name, const std::string& bytes) const {
  write_bytes(folder_ / name, bytes);
  return (folder_ / name).string();
}

std::filesystem::path EndToEnd::copy_of_model() const {
  const auto copy = folder_ / "model";
  std::filesystem::remove_all(copy);
  std::filesystem::copy(golden("tiny-v1"), copy);
  return copy;
}

std::string file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
}

}  // namespace lectio
