// SPDX-License-Identifier: Apache-2.0
// Every kind of page that cannot be read: one clear line, the right code, nothing on standard
// output.
#include <sys/stat.h>

#include "fixture.h"
#include "media/image/encode.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

// A PNG whose header claims other sizes than its data has.
std::string png_claiming(std::uint32_t width, std::uint32_t height) {
  std::string png = encode_png(Image(8, 8, 255));
  png.replace(16, 8, big_endian(width) + big_endian(height));
  // The checksum of IHDR, so that the sizes themselves are what is wrong.
  std::uint32_t crc = 0xFFFFFFFFU;
  for (std::size_t i = 12; i < 29; ++i) {
    crc ^= static_cast<unsigned char>(png[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return png.replace(29, 4, big_endian(~crc));
}

class BadPage : public EndToEnd {
 protected:
  void expect_failure(const std::string& path, int code, const std::string& part,
                      const ProcessOptions& options = {}) {
    const ProcessResult result = read({path}, options);
    EXPECT_EQ(result.code, code) << path;
    EXPECT_EQ(result.out, "") << path;
    EXPECT_THAT(result.err, IsOneErrorLine(path));
    EXPECT_THAT(result.err, HasSubstr(part));
  }
};

TEST_F(BadPage, ATruncatedPngIsRefused) {
  const std::string whole = file_bytes(page("A"));
  for (const std::size_t size : {8U, 20U, 40U, 5000U}) {
    expect_failure(write("cut.png", whole.substr(0, size)), 2, "");
  }
}

TEST_F(BadPage, AnEmptyFileIsRefused) { expect_failure(write("empty.png", ""), 2, ""); }

TEST_F(BadPage, WhatIsNoPictureIsRefused) {
  expect_failure(write("text.png", "just some text"), 2, "");
}

TEST_F(BadPage, AGiantHeaderIsRefusedBeforeMemoryIsTaken) {
  ProcessOptions little;
  little.max_memory = std::int64_t{1} << 30;
  expect_failure(write("giant.png", png_claiming(60'000, 60'000)), 2, "60000", little);
  expect_failure(write("endless.png", png_claiming(0x7FFFFFFF, 0x7FFFFFFF)), 2, "", little);
  expect_failure(write("none.png", png_claiming(0, 8)), 2, "");
}

TEST_F(BadPage, AMissingFileIsNamed) {
  expect_failure((folder_ / "gone.png").string(), 2, "No such file");
}

TEST_F(BadPage, AFolderWithoutDocumentsIsAnError) {
  const ProcessResult result = read({folder_.string()});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, IsOneErrorLine(folder_.string()));
}

TEST_F(BadPage, AFileWithoutPermissionIsAnAccessError) {
  const std::string path = write("secret.png", file_bytes(page("A")));
  ::chmod(path.c_str(), 0);
  ProcessOptions nobody;
  nobody.as_nobody = true;
  if (read({page("A")}, nobody).code != 0)
    GTEST_SKIP() << "nobody may not run the binary from here";
  expect_failure(path, 5, "Permission denied", nobody);
}

TEST_F(BadPage, APageOfOnePixelIsRead) {
  const ProcessResult result = read({write("dot.png", encode_png(Image(1, 1, 0)))});
  EXPECT_EQ(result.code, 0) << result.err;
}

TEST_F(BadPage, APageTooThinForAnyViewIsRefused) {
  const std::string path = write("hair.png", encode_png(Image(4000, 1, 0)));
  const ProcessResult result = read({"--mode", "base", "--ask-blank", path});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, IsOneErrorLine(path));
}

TEST_F(BadPage, APromptThatHasNoPlaceForThePageIsAUsageError) {
  const ProcessResult result = read({"--prompt", "Free OCR.", page("A"), page("B")});
  EXPECT_EQ(result.code, 64);
  EXPECT_THAT(result.err, HasSubstr("expected one <image>"));
}

#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // they need address space of their own
TEST_F(BadPage, APageThatMemoryDoesNotHoldFailsWithItsOwnCode) {
  const std::string path =
      write("wide.png", png_claiming(12'000, 12'000) + std::string(1'000'000, '\0'));
  ProcessOptions little;
  little.max_memory = std::int64_t{250} << 20;  // the raster alone is 432 MB
  expect_failure(path, 14, "out of memory", little);
}
#endif

}  // namespace
}  // namespace lectio
