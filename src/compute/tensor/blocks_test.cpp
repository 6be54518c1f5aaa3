// SPDX-License-Identifier: Apache-2.0
// Blocks written by hand, byte by byte, against numbers computed on paper from the layouts; and the
// two ways to read a block against each other.
#include "compute/tensor/blocks.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/check.h"
#include "base/splitmix.h"
#include "compute/tensor/tensor.h"

namespace lectio {
namespace {

constexpr DType kBlockFormats[] = {DType::kQ8,  DType::kQ4,  DType::kQ5, DType::kQ5Min,
                                   DType::kQ4K, DType::kQ5K, DType::kQ6K};

// A block of zero bytes but for the given ones.
std::vector<std::byte> block_of(DType dtype, const std::map<std::size_t, int>& bytes) {
  std::vector<std::byte> block(static_cast<std::size_t>(block_bytes(dtype)));
  for (const auto& [at, value] : bytes) block[at] = static_cast<std::byte>(value);
  return block;
}

void expect_numbers(DType dtype, const std::map<std::size_t, int>& bytes,
                    const std::map<std::int64_t, float>& expected) {
  const std::vector<std::byte> block = block_of(dtype, bytes);
  std::vector<float> whole(static_cast<std::size_t>(block_length(dtype)));
  numbers_to_floats(dtype, block.data(), 0, block_length(dtype), whole.data());
  for (const auto& [index, value] : expected) {
    EXPECT_EQ(block_number(dtype, block.data(), index), value) << dtype_name(dtype) << index;
    EXPECT_EQ(whole[static_cast<std::size_t>(index)], value) << dtype_name(dtype) << index;
  }
}

// Halves in the blocks below: 0x3C00 is 1, 0x3800 is 0.5, 0x4000 is 2, 0xBC00 is -1.
TEST(Blocks, ShortFormatsReadAsTheirLayoutsSay) {
  expect_numbers(DType::kQ8, {{1, 0x40}, {2 + 5, 3}, {2 + 31, 0x80}}, {{0, 0}, {5, 6}, {31, -256}});
  // Byte 4 of the codes: number 4 is 0, number 20 is 3.
  expect_numbers(DType::kQ4, {{1, 0x40}, {2 + 4, 0x30}}, {{4, -16}, {20, -10}});
  // Bit 20 of the four bytes above them: number 20 is 19.
  expect_numbers(DType::kQ5, {{1, 0x40}, {2 + 2, 0x10}, {6 + 4, 0x30}}, {{4, -32}, {20, 6}});
  expect_numbers(DType::kQ5Min, {{1, 0x40}, {3, 0xBC}, {4 + 2, 0x10}, {8 + 4, 0x30}},
                 {{4, -1}, {20, 37}});
}

TEST(Blocks, LongFormatsReadAsTheirLayoutsSay) {
  // Run 1: scale 5, minimum 3. Run 5: scale 7 + 16 * 3, minimum 10 + 16 * 2. d = 1, m = 0.5.
  std::map<std::size_t, int> bytes = {
      {1, 0x3C}, {3, 0x38}, {4 + 1, 0xC5}, {4 + 5, 0x83}, {4 + 9, 0xA7}};
  std::map<std::size_t, int> four = bytes;
  four[16 + 7] = 0xB0;   // number 39: 11
  four[16 + 68] = 0x90;  // number 164: 9
  expect_numbers(DType::kQ4K, four, {{39, 55 - 1.5F}, {164, 495 - 21}, {165, -21}, {0, 0}});
  std::map<std::size_t, int> five = bytes;
  five[48 + 7] = 0xB0;
  five[48 + 68] = 0x90;
  five[16 + 7] = 0x02;  // number 39: 27
  five[16 + 4] = 0x20;  // number 164: 25
  expect_numbers(DType::kQ5K, five, {{39, 135 - 1.5F}, {164, 1375 - 21}, {165, -21}});
  // d = 0.5, scale 12 is -5; number 200 = 128 + 72 is 12 + 16 * 3.
  expect_numbers(DType::kQ6K, {{209, 0x38}, {192 + 12, 0xFB}, {64 + 8, 0xC0}, {128 + 32 + 8, 0x30}},
                 {{200, -70}, {192, 80}, {0, 0}});
}

TEST(Blocks, BothWaysOfReadingGiveTheSameBits) {
  Random random(7);
  for (const DType dtype : kBlockFormats) {
    const std::int64_t count = 3 * block_length(dtype);
    std::vector<std::byte> row(static_cast<std::size_t>(row_bytes(dtype, count)));
    for (int round = 0; round < 20; ++round) {
      // Bytes below 0x78, so that no half is an infinity or no number.
      for (std::byte& byte : row) byte = static_cast<std::byte>(random.between(0, 0x77));
      std::vector<float> whole(static_cast<std::size_t>(count));
      numbers_to_floats(dtype, row.data(), 0, count, whole.data());
      for (std::int64_t i = 0; i < count; ++i) {
        ASSERT_EQ(block_number(dtype, row.data(), i), whole[static_cast<std::size_t>(i)])
            << dtype_name(dtype) << i;
      }
      std::vector<float> part(static_cast<std::size_t>(block_length(dtype) + 5));
      numbers_to_floats(dtype, row.data(), block_length(dtype), block_length(dtype) + 5,
                        part.data());
      for (std::size_t i = 0; i < part.size(); ++i) {
        ASSERT_EQ(part[i], whole[static_cast<std::size_t>(block_length(dtype)) + i]);
      }
    }
  }
}

TEST(Blocks, ConsistOfWholeBlocks) {
  EXPECT_EQ(row_bytes(DType::kQ4K, 1280), 5 * 144);
  EXPECT_EQ(row_bytes(DType::kF16, 1280), 2560);
  std::vector<std::byte> row(2 * 210);
  float out = 0;
  EXPECT_THROW(numbers_to_floats(DType::kQ6K, row.data(), 32, 1, &out), InvariantError);
  EXPECT_THROW(numbers_to_floats(DType::kI32, row.data(), 0, 1, &out), InvariantError);
}

TEST(Blocks, TensorsReadAsFloatsRowByRow) {
  Tensor tensor({2, 32}, DType::kQ4);
  auto* const bytes = static_cast<std::byte*>(tensor.view().data);
  bytes[18 + 1] = std::byte{0x3C};  // row 1: d = 1
  bytes[18 + 2] = std::byte{0xF1};
  const std::vector<float> numbers = to_floats(tensor.view());
  EXPECT_EQ(numbers[0], 0);
  EXPECT_EQ(numbers[32], -7);
  EXPECT_EQ(numbers[48], 7);
}

}  // namespace
}  // namespace lectio
