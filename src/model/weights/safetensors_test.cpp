// SPDX-License-Identifier: Apache-2.0
// Files written byte by byte, right and wrong.
#include "model/weights/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lectio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string file_of(const std::string& header, std::size_t data_bytes) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i));
  return file + header + std::string(data_bytes, '\0');
}

Result<SafetensorsHeader> parse(const std::string& file) {
  return parse_safetensors(std::as_bytes(std::span(file)), "m.safetensors");
}

std::string error_of(const std::string& file) {
  const auto header = parse(file);
  if (header) return "";
  EXPECT_EQ(header.error().code(), ErrorCode::kInvalidModel);
  EXPECT_THAT(header.error().message(), HasSubstr("m.safetensors: "));
  return header.error().message();
}

// A header of one tensor, padded so that the data are aligned.
std::string one_tensor(const std::string& dtype, const std::string& shape,
                       const std::string& offsets, std::size_t data_bytes) {
  std::string header =
      R"({"a":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  header.append((8 - header.size() % 8) % 8, ' ');
  return file_of(header, data_bytes);
}

TEST(Safetensors, ReadsTensorsInTheOrderOfTheirBytes) {
  std::string header =
      R"({"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},)"
      R"("__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
      R"("none":{"dtype":"I64","shape":[0,7],"data_offsets":[16,16]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  const auto parsed = parse(file_of(header, 16));
  ASSERT_TRUE(parsed) << parsed.error().message();
  ASSERT_EQ(parsed->tensors.size(), 3U);
  EXPECT_EQ(parsed->tensors[0].name, "a");
  EXPECT_EQ(parsed->tensors[0].shape, Shape{});
  EXPECT_EQ(parsed->tensors[0].begin, 8 + header.size());
  EXPECT_EQ(parsed->tensors[1].name, "b");
  EXPECT_EQ(parsed->tensors[1].dtype, DType::kBF16);
  EXPECT_EQ(parsed->tensors[1].shape, (Shape{2, 3}));
  EXPECT_EQ(parsed->tensors[1].end, 8 + header.size() + 16);
  EXPECT_EQ(parsed->tensors[2].shape, (Shape{0, 7}));
  EXPECT_EQ(parsed->metadata.at("format"), "pt");
}

TEST(Safetensors, ReadsAFileWithoutTensors) {
  const auto parsed = parse(file_of("{}", 0));
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->tensors.empty());
}

TEST(Safetensors, RefusesLengthsThatTheFileDoesNotHave) {
  EXPECT_THAT(error_of(""), HasSubstr("expected at least 8 bytes, found 0"));
  EXPECT_THAT(error_of("1234567"), HasSubstr("found 7"));
  const std::string whole = one_tensor("\"F32\"", "[2]", "[0,8]", 8);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse(whole.substr(0, size))) << size;
  }
  EXPECT_TRUE(parse(whole));
  EXPECT_THAT(error_of(whole + "x"), HasSubstr("data: expected 8 bytes after the header, found 9"));
  EXPECT_THAT(error_of(std::string(8, '\xff') + "{}"),
              HasSubstr("header length: expected at most 2 bytes"));
}

TEST(Safetensors, RefusesHeadersThatAreNotJsonObjects) {
  EXPECT_THAT(error_of(file_of("{\"a\":", 0)), HasSubstr("not JSON at byte"));
  EXPECT_THAT(error_of(file_of("", 0)), HasSubstr("not JSON at byte"));
  EXPECT_THAT(error_of(file_of("[{}]", 0)), HasSubstr("expected an object, found a list"));
  EXPECT_THAT(error_of(file_of("7", 0)), HasSubstr("expected an object, found 7"));
  EXPECT_THAT(error_of(file_of("{\"a\":7}", 0)),
              HasSubstr("tensor 'a': expected an object, found 7"));
  EXPECT_THAT(error_of(file_of("{\"a\":[1,{}]}", 0)),
              HasSubstr("tensor 'a': expected an object, found a list"));
  EXPECT_THAT(error_of(file_of("{\"\xff\":{}}", 0)), HasSubstr("not JSON at byte"));
}

TEST(Safetensors, RefusesNestingWithoutGrowing) {
  const std::string deep = std::string(3'000'000, '[');
  EXPECT_THAT(error_of(file_of("{\"a\":" + deep, 0)), HasSubstr("found a list"));
  EXPECT_THAT(error_of(file_of("{\"a\":" + deep + std::string(deep.size(), ']') + "}", 0)),
              HasSubstr("found a list"));
}

TEST(Safetensors, RefusesFieldsOfTheWrongForm) {
  EXPECT_THAT(error_of(one_tensor("3", "[2]", "[0,8]", 8)),
              HasSubstr("dtype: expected a string, found 3"));
  EXPECT_THAT(error_of(one_tensor("\"F33\"", "[2]", "[0,8]", 8)), HasSubstr("found 'F33'"));
  EXPECT_THAT(error_of(one_tensor("\"Q8\"", "[2]", "[0,8]", 8)),
              HasSubstr("dtype: expected one of"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[-2]", "[0,8]", 8)),
              HasSubstr("shape: expected a list of non-negative integers, found -2"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[2.5]", "[0,8]", 8)), HasSubstr("found 2.5"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[[2]]", "[0,8]", 8)), HasSubstr("found a list"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "\"2\"", "[0,8]", 8)),
              HasSubstr("shape: expected a list"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[18446744073709551615]", "[0,8]", 8)),
              HasSubstr("found 18446744073709551615"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[1,1,1,1,1,2]", "[0,8]", 8)),
              HasSubstr("expected at most 5 extents, found [1, 1, 1, 1, 1, 2]"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[2]", "[0]", 8)),
              HasSubstr("data_offsets: expected two numbers"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[2]", "[0,8,9]", 8)),
              HasSubstr("expected two numbers"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[2],\"shape\":[2]", "[0,8]", 8)),
              HasSubstr("two fields 'shape'"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[2],\"extra\":1", "[0,8]", 8)),
              HasSubstr("unknown field 'extra'"));
  EXPECT_THAT(
      error_of(file_of("{\"a\":{}}", 0)),
      AllOf(HasSubstr("dtype: missing"), HasSubstr("shape: missing"), HasSubstr("two numbers")));
  EXPECT_THAT(error_of(file_of("{\"__metadata__\":{\"k\":1}}", 0)),
              HasSubstr("__metadata__ 'k': expected a string, found 1"));
}

TEST(Safetensors, RefusesShapesThatOverflow) {
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[4294967296,4294967296]", "[0,0]", 0)),
              HasSubstr("has more bytes than 63 bits can count"));
  EXPECT_THAT(error_of(one_tensor("\"F64\"", "[2305843009213693952]", "[0,0]", 0)),
              HasSubstr("has more bytes than 63 bits can count"));
  EXPECT_THAT(error_of(one_tensor("\"U8\"", "[9223372036854775807]", "[0,8]", 8)),
              HasSubstr("expected 9223372036854775807 bytes for U8"));
}

TEST(Safetensors, RefusesOffsetsOutsideTheFileOrOfTheWrongLength) {
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[4]", "[0,16]", 8)),
              HasSubstr("within the 8 bytes of data, found [0, 16]"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[2]", "[8,0]", 8)), HasSubstr("found [8, 0]"));
  EXPECT_THAT(error_of(one_tensor("\"F32\"", "[3]", "[0,8]", 8)),
              HasSubstr("expected 12 bytes for F32 [3], found 8"));
  EXPECT_THAT(error_of(one_tensor("\"U8\"", "[1]", "[9223372036854775806,9223372036854775807]", 8)),
              HasSubstr("within the 8 bytes"));
}

TEST(Safetensors, RefusesOverlapsAndHoles) {
  const auto two = [](const std::string& first, const std::string& second, std::size_t bytes) {
    std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)" + first +
                         R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + second + "}}";
    header.append((8 - header.size() % 8) % 8, ' ');
    return file_of(header, bytes);
  };
  EXPECT_TRUE(parse(two("[8,16]", "[0,8]", 16)));
  EXPECT_THAT(error_of(two("[0,8]", "[4,12]", 12)),
              HasSubstr("tensor 'b': data_offsets: overlaps"));
  EXPECT_THAT(error_of(two("[0,8]", "[0,8]", 8)), HasSubstr("overlaps"));
  EXPECT_THAT(error_of(two("[0,8]", "[16,24]", 24)),
              HasSubstr("tensor 'b': data_offsets: leaves a hole"));
  EXPECT_THAT(error_of(two("[4,12]", "[12,20]", 20)),
              HasSubstr("tensor 'a': data_offsets: leaves a hole"));
}

TEST(Safetensors, RefusesATensorNamedTwice) {
  const std::string entry = R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  EXPECT_THAT(error_of(file_of("{\"a\":" + entry + ",\"a\":" + entry + "}", 0)),
              HasSubstr("tensor 'a': named twice"));
}

TEST(Safetensors, AcceptsNumbersAtAnyByte) {
  const std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const auto parsed = parse(file_of(header, 4));
  ASSERT_TRUE(parsed);
  EXPECT_NE(parsed->tensors[0].begin % 4, 0U);
}

TEST(Safetensors, ReportsEveryProblemOfAFileAtOnce) {
  const std::string header = R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]},)"
                             R"("b":{"dtype":"F32","shape":[-1],"data_offsets":[8,12]},)"
                             R"("c":{"dtype":"U8","shape":[9],"data_offsets":[12,12]},"d":null})";
  EXPECT_THAT(error_of(file_of(header, 12)),
              AllOf(HasSubstr("4 problems"), HasSubstr("tensor 'a': dtype"),
                    HasSubstr("tensor 'b': shape"), HasSubstr("tensor 'c': data_offsets"),
                    HasSubstr("tensor 'd': expected an object"), Not(HasSubstr("hole"))));
}

TEST(Safetensors, ShowsHostileNamesHarmlessly) {
  const std::string name = std::string(5000, 'x');
  const std::string message = error_of(file_of("{\"\\u001b[2J" + name + "\":1}", 0));
  EXPECT_LT(message.size(), 300U);
  EXPECT_THAT(message, AllOf(Not(HasSubstr("\x1b")), HasSubstr("?[2Jxxx")));
}

TEST(Safetensors, PresentsQuantisedTensorsWithTheirLogicalShape) {
  const auto file = [](const std::string& metadata) {
    return file_of(R"({"__metadata__":{)" + metadata +
                       R"(},)"
                       R"("q":{"dtype":"U8","shape":[3,68],"data_offsets":[0,204]},)"
                       R"("u":{"dtype":"U8","shape":[5],"data_offsets":[204,209]}})",
                   209);
  };
  const auto quantised = parse(file(R"("lectio.q8":"blocks of 32 along the last axis")"));
  ASSERT_TRUE(quantised) << quantised.error().message();
  EXPECT_EQ(quantised->tensors[0].dtype, DType::kQ8);
  EXPECT_EQ(quantised->tensors[0].shape, (Shape{3, 64}));
  EXPECT_EQ(quantised->tensors[1].dtype, DType::kU8);

  const auto plain = parse(file(""));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->tensors[0].dtype, DType::kU8);
  EXPECT_EQ(plain->tensors[0].shape, (Shape{3, 68}));

  EXPECT_THAT(
      error_of(file(R"("lectio.q8":"blocks of 64")")),
      HasSubstr("lectio.q8: expected 'blocks of 32 along the last axis', found 'blocks of 64'"));
}

}  // namespace
}  // namespace lectio
