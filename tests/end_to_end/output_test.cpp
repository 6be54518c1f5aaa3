// SPDX-License-Identifier: Apache-2.0
// Results that cannot be written are an error with a code, never a silent loss.
#include "fixture.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;

class OutputTest : public EndToEnd {};

TEST_F(OutputTest, AFullDiskOnStandardOutputIsAnError) {
  ProcessOptions full;
  full.output = "/dev/full";
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {page("A")}, {"--json", page("A")}, {page("A"), page("A")}}) {
    const ProcessResult result = read(arguments, full);
    EXPECT_EQ(result.code, 5);
    EXPECT_THAT(result.err,
                IsOneErrorLine("standard output: cannot write: No space left on device"));
  }
  EXPECT_EQ(lectio({"info", golden("tiny-v1").string()}, full).code, 5);
  EXPECT_EQ(lectio({"--help"}, full).code, 5);
  EXPECT_EQ(lectio({"--version"}, full).code, 5);
}

TEST_F(OutputTest, AFullDiskOnAFileIsAnError) {
  const ProcessResult result = read({"-o", "/dev/full", page("A")});
  EXPECT_EQ(result.code, 5);
  EXPECT_THAT(result.err, HasSubstr("/dev/full: cannot write: No space left on device"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

TEST_F(OutputTest, AClosedPipeEndsTheRunWithAnError) {
  ProcessOptions closed;
  closed.closed_pipe = true;
  const ProcessResult result =
      read({"--max-tokens", "8000", "--no-repeat", "none", page("A"), page("A")}, closed);
  EXPECT_EQ(result.code, 5);
  EXPECT_THAT(result.err, IsOneErrorLine("standard output: cannot write: Broken pipe"));
}

TEST_F(OutputTest, AnOutputThatCannotBeMadeIsFoundOutBeforeReading) {
  const std::string path = (folder_ / "no/such/folder/page.txt").string();
  const ProcessResult result = read({"-o", path, page("A")});
  EXPECT_EQ(result.code, 5);
  EXPECT_THAT(result.err, IsOneErrorLine(path));
}

TEST_F(OutputTest, AnOldFileStaysWhenTheRunFails) {
  const std::string path = write("old.txt", "old");
  EXPECT_EQ(lectio({"read", "--model", (folder_ / "nowhere").string(), "-o", path, page("A")}).code,
            13);
  EXPECT_EQ(read({"-o", path, write("bad.png", "no picture")}).code, 2);
  EXPECT_EQ(read({"-o", path, "--prompt", "none", page("A"), page("B")}).code, 64);
  EXPECT_EQ(file_bytes(path), "old");
  EXPECT_EQ(read({"-o", path, page("A")}).code, 0);
  EXPECT_NE(file_bytes(path), "old");
}

}  // namespace
}  // namespace lectio
