// SPDX-License-Identifier: Apache-2.0
// A golden file from anywhere: every stage that it claims can be compared with.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "proof/golden_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int file = ::memfd_create("golden", MFD_CLOEXEC);
  LECTIO_CHECK(file >= 0 && ::write(file, data, size) == static_cast<ssize_t>(size),
               "no memory file");
  if (const auto golden =
          lectio::proof::GoldenFile::open("/proc/self/fd/" + std::to_string(file))) {
    std::vector<float> numbers(6, 1.0F);
    const lectio::TensorView value{numbers.data(), lectio::DType::kF32, lectio::Shape({2, 3})};
    for (const std::string& stage : golden->stages()) {
      const auto whole = golden->tensor(stage);  // compare is for stages of numbers
      if (!whole || whole->dtype == lectio::DType::kF32) golden->compare(stage, value);
    }
    (void)golden->ints("ids");
    (void)golden->metadata("ngram");
  }
  ::close(file);
  return 0;
}
