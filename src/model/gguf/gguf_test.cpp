// SPDX-License-Identifier: Apache-2.0
// Files written byte by byte, right and wrong.
#include "model/gguf/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/splitmix.h"

namespace lectio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint32_t kU32 = 4, kF32 = 6, kBool = 7, kString = 8, kArray = 9, kU64 = 10;
constexpr std::uint32_t kGgmlF32 = 0, kGgmlQ8 = 8, kGgmlQ4K = 12, kGgmlBf16 = 30;

// A file under construction, piece by piece.
struct Bytes {
  std::string text;

  template <typename T>
  Bytes& raw(T value) {
    text.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  Bytes& u32(std::uint32_t value) { return raw(value); }
  Bytes& u64(std::uint64_t value) { return raw(value); }
  Bytes& str(std::string_view value) {
    u64(value.size());
    text += value;
    return *this;
  }
  Bytes& start(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
    text += "GGUF";
    return u32(version).u64(tensors).u64(keys);
  }
  Bytes& tensor(std::string_view name, std::vector<std::uint64_t> extents, std::uint32_t type,
                std::uint64_t offset) {
    str(name).u32(static_cast<std::uint32_t>(extents.size()));
    for (const std::uint64_t extent : extents) u64(extent);
    return u32(type).u64(offset);
  }
  Bytes& pad(std::size_t data_bytes, std::size_t alignment = 32) {
    text.resize((text.size() + alignment - 1) / alignment * alignment + data_bytes);
    return *this;
  }
};

Result<GgufHeader> parse(const std::string& file) {
  return parse_gguf(std::as_bytes(std::span(file)), "m.gguf");
}

std::string error_of(const Bytes& file) {
  const auto header = parse(file.text);
  if (header) return "";
  EXPECT_EQ(header.error().code(), ErrorCode::kInvalidModel);
  EXPECT_THAT(header.error().message(), HasSubstr("m.gguf: "));
  return header.error().message();
}

// One value under the key "k".
Bytes with_value(const Bytes& value) {
  Bytes file;
  file.start(0, 1).str("k");
  file.text += value.text;
  return file;
}

Bytes one_tensor(std::vector<std::uint64_t> extents, std::uint32_t type, std::uint64_t offset,
                 std::size_t data_bytes) {
  Bytes file;
  return file.start(1, 0).tensor("t", std::move(extents), type, offset).pad(data_bytes);
}

Bytes whole_file() {
  Bytes file;
  file.start(2, 5);
  file.str("general.architecture").u32(kString).str("clip");
  file.str("a.count").u32(kU32).u32(24);
  file.str("a.eps").u32(kF32).raw(0.5F);
  file.str("a.names").u32(kArray).u32(kString).u64(2).str("one").str("");
  file.str("a.means").u32(kArray).u32(kF32).u64(3).raw(0.5F).raw(0.25F).raw(1.0F);
  file.tensor("second", {64, 2}, kGgmlQ8, 32).tensor("first", {3}, kGgmlF32, 0);
  return file.pad(32 + 2 * 68);
}

TEST(Gguf, ReadsMetadataAndTensors) {
  const Bytes file = whole_file();
  const auto header = parse(file.text);
  ASSERT_TRUE(header) << header.error().message();
  EXPECT_EQ(header->version, 3U);
  EXPECT_EQ(header->text("general.architecture"), "clip");
  EXPECT_EQ(header->text("a.count"), "");
  EXPECT_EQ(header->find("a.count")->integer(), 24);
  EXPECT_EQ(header->find("a.count")->number(), 24.0);
  EXPECT_EQ(header->find("a.count")->boolean(), std::nullopt);
  EXPECT_EQ(header->find("a.eps")->number(), 0.5);
  EXPECT_EQ(header->find("a.eps")->integer(), std::nullopt);
  EXPECT_THAT(*header->find("a.names")->texts(), ElementsAre("one", ""));
  EXPECT_THAT(*header->find("a.means")->numbers(), ElementsAre(0.5, 0.25, 1.0));
  EXPECT_EQ(header->find("a.means")->integers(), std::nullopt);
  EXPECT_EQ(header->find("a.names")->kind(), "2 values of type string");
  EXPECT_EQ(header->find("none"), nullptr);

  ASSERT_EQ(header->tensors.size(), 2U);
  EXPECT_EQ(header->tensors[0].name, "first");
  EXPECT_EQ(header->tensors[1].name, "second");
  EXPECT_EQ(header->tensors[1].dtype, DType::kQ8);
  EXPECT_EQ(header->tensors[1].shape, (Shape{2, 64}));
  EXPECT_EQ(header->tensors[1].begin, file.text.size() - 2 * 68);
  EXPECT_EQ(header->tensors[1].end, file.text.size());
}

TEST(Gguf, ReadsVersion2AndOtherAlignments) {
  Bytes file;
  file.start(1, 1, 2).str("general.alignment").u32(kU32).u32(64);
  file.tensor("t", {2}, kGgmlBf16, 64).pad(68, 64);
  const auto header = parse(file.text);
  ASSERT_TRUE(header) << header.error().message();
  EXPECT_EQ(header->tensors[0].begin % 64, 0U);
  EXPECT_EQ(header->tensors[0].end, file.text.size());
}

TEST(Gguf, ReadsAFileWithoutAnything) {
  Bytes file;
  EXPECT_TRUE(parse(file.start(0, 0).text));
}

TEST(Gguf, RefusesOtherFilesAndVersions) {
  EXPECT_THAT(error_of({""}), HasSubstr("begins with 'GGUF'"));
  EXPECT_THAT(error_of({"GGML0000000000000000000000"}), HasSubstr("begins with 'GGUF'"));
  EXPECT_THAT(error_of({"GGUF\3"}), HasSubstr("ends within its first 24 bytes"));
  EXPECT_THAT(error_of(Bytes().start(0, 0, 1)), HasSubstr("expected 2 or 3, found 1"));
  EXPECT_THAT(error_of(Bytes().start(0, 0, 3U << 24)), HasSubstr("found a big-endian file"));
}

TEST(Gguf, RefusesCountsThatTheFileHasNoRoomFor) {
  constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();
  EXPECT_THAT(error_of(Bytes().start(kHuge, kHuge)),
              AllOf(HasSubstr("metadata: expected at most 0"), HasSubstr("tensors: expected at")));
  EXPECT_THAT(error_of(with_value(Bytes().u32(kString).u64(kHuge))), HasSubstr("ends within"));
  EXPECT_THAT(error_of(with_value(Bytes().u32(kArray).u32(kU64).u64(kHuge))),
              HasSubstr("ends within metadata 'k'"));
  EXPECT_THAT(error_of(with_value(Bytes().u32(kArray).u32(kString).u64(kHuge))),
              HasSubstr("ends within metadata 'k'"));
  EXPECT_THAT(error_of(with_value(Bytes().u32(kArray).u32(kArray).u64(kHuge))),
              HasSubstr("ends within metadata 'k'"));
}

TEST(Gguf, RefusesTypesAndNestingThatItDoesNotKnow) {
  EXPECT_THAT(error_of(with_value(Bytes().u32(13).u64(0))), HasSubstr("GGUF does not have"));
  EXPECT_THAT(error_of(with_value(Bytes().u32(kArray).u32(13).u64(1).u64(0))),
              HasSubstr("GGUF does not have"));
  Bytes deep;
  deep.u32(kArray);
  for (int i = 0; i < 1000; ++i) deep.u32(kArray).u64(1);
  EXPECT_THAT(error_of(with_value(deep)), HasSubstr("nested too deep"));
  Bytes nested;
  nested.u32(kArray).u32(kArray).u64(2).u32(kBool).u64(1).raw(true).u32(kString).u64(1).str("x");
  EXPECT_TRUE(parse(with_value(nested).text));
}

TEST(Gguf, RefusesKeysThatAreEmptyOrTwice) {
  Bytes file;
  file.start(0, 3).str("").u32(kU32).u32(1).str("k").u32(kU32).u32(1).str("k").u32(kU32).u32(2);
  EXPECT_THAT(error_of(file), AllOf(HasSubstr("2 problems"), HasSubstr("a key of 1..65535 bytes"),
                                    HasSubstr("metadata 'k': a second time")));
}

TEST(Gguf, RefusesAlignmentsThatAreNoPowersOfTwo) {
  for (const std::uint32_t alignment : {0U, 24U, 1U << 21}) {
    Bytes file;
    file.start(0, 1).str("general.alignment").u32(kU32).u32(alignment);
    EXPECT_THAT(error_of(file), HasSubstr("expected a power of two"));
  }
  Bytes file;
  file.start(0, 1).str("general.alignment").u32(kString).str("32");
  EXPECT_THAT(error_of(file), HasSubstr("found a value of type string"));
}

TEST(Gguf, RefusesShapesThatOverflowOrDoNotFit) {
  EXPECT_THAT(error_of(one_tensor({1ULL << 32, 1ULL << 32}, kGgmlF32, 0, 64)),
              HasSubstr("expected a product of 1 to 2^63 - 1"));
  EXPECT_THAT(error_of(one_tensor({1ULL << 63}, kGgmlF32, 0, 64)), HasSubstr("a product"));
  EXPECT_THAT(error_of(one_tensor({1ULL << 62}, kGgmlF32, 0, 64)), HasSubstr("63 bits"));
  EXPECT_THAT(error_of(one_tensor({4, 0}, kGgmlF32, 0, 64)), HasSubstr("found one of 0"));
  EXPECT_THAT(error_of(one_tensor({1, 1, 1, 1, 1}, kGgmlF32, 0, 64)), HasSubstr("at most 4"));
  EXPECT_THAT(error_of(one_tensor({128, 2}, kGgmlQ4K, 0, 288)),
              HasSubstr("whole blocks of 256 for Q4_K, found 128 numbers"));
  EXPECT_TRUE(parse(one_tensor({256, 2}, kGgmlQ4K, 0, 288).text));
}

TEST(Gguf, NamesFormatsThatItCannotRead) {
  EXPECT_THAT(error_of(one_tensor({256}, 10, 0, 84)),
              HasSubstr("tensor 't': format: expected one of F32, F16, Q4_0"));
  EXPECT_THAT(error_of(one_tensor({256}, 10, 0, 84)), HasSubstr("found Q2_K"));
  EXPECT_THAT(error_of(one_tensor({256}, 4711, 0, 84)), HasSubstr("found number 4711"));
}

TEST(Gguf, RefusesOffsetsOutsideTheFileAndOverlaps) {
  EXPECT_THAT(error_of(one_tensor({8}, kGgmlF32, 8, 64)), HasSubstr("a multiple of 32, found 8"));
  EXPECT_THAT(error_of(one_tensor({8}, kGgmlF32, 64, 64)), HasSubstr("the 64 bytes of data"));
  EXPECT_THAT(error_of(one_tensor({8}, kGgmlF32, 1ULL << 63, 64)), HasSubstr("bytes of data"));
  EXPECT_THAT(error_of(one_tensor({17}, kGgmlF32, 0, 64)), HasSubstr("expected 68 bytes from 0"));
  Bytes file;
  file.start(2, 0).tensor("a", {16}, kGgmlF32, 0).tensor("b", {8}, kGgmlF32, 32).pad(64);
  EXPECT_THAT(error_of(file), HasSubstr("tensor 'b': overlaps 'a'"));
  Bytes twice;
  twice.start(2, 0).tensor("a", {8}, kGgmlF32, 0).tensor("a", {8}, kGgmlF32, 32).pad(64);
  EXPECT_THAT(error_of(twice), HasSubstr("tensor 'a': named twice"));
}

TEST(Gguf, ShowsHostileNamesHarmlessly) {
  Bytes file;
  file.start(1, 0).tensor("\x1b[2J" + std::string(5000, 'x'), {7}, 10, 0).pad(64);
  const std::string message = error_of(file);
  EXPECT_LT(message.size(), 400U);
  EXPECT_THAT(message, AllOf(Not(HasSubstr("\x1b")), HasSubstr("?[2Jxxx")));
}

// What passes must be readable to its last byte.
void touch(const GgufHeader& header, const std::string& file) {
  for (const auto& [key, value] : header.metadata) {
    value.text();
    value.texts();
    value.numbers();
    value.integer();
  }
  for (const GgufTensor& tensor : header.tensors) {
    ASSERT_LE(tensor.end, file.size());
    ASSERT_EQ(static_cast<std::int64_t>(tensor.end - tensor.begin),
              (TensorView{nullptr, tensor.dtype, tensor.shape}.bytes()));
  }
}

TEST(Gguf, SurvivesEveryCutAndEveryFlippedBit) {
  const std::string whole = whole_file().text;
  ASSERT_TRUE(parse(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse(whole.substr(0, size))) << size;
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      if (const auto header = parse(flipped)) touch(*header, flipped);
    }
  }
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string noisy = whole;
    for (int i = 0; i < 4; ++i) {
      noisy[static_cast<std::size_t>(random.between(4, std::ssize(noisy) - 1))] =
          static_cast<char>(random.between(0, 255));
    }
    if (const auto header = parse(noisy)) touch(*header, noisy);
  }
}

}  // namespace
}  // namespace lectio
