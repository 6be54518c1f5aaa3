// SPDX-License-Identifier: Apache-2.0
// lectio verify, from the command line.
#include <nlohmann/json.hpp>

#include "fixture.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class Verify : public EndToEnd {
 protected:
  // The goldens with one file of theirs replaced.
  std::string goldens_with(const std::string& name, const std::string& bytes) const {
    const std::filesystem::path copy = folder_ / "golden";
    std::filesystem::copy(golden(""), copy, std::filesystem::copy_options::recursive);
    write_bytes(copy / name, bytes);
    return copy.string();
  }
};

TEST_F(Verify, PassesTheGoldensOfThisBuild) {
  const ProcessResult result =
      lectio({"verify", "--json", "--kernels", "auto", "--case", "pictures", "--case", "tables",
              "--case", "tokens", "--case", "v2_stretch768"});
  ASSERT_EQ(result.code, 0) << result.err;
  const Json report = Json::parse(result.out);
  EXPECT_EQ(report["schema"], "lectio.verify");
  EXPECT_EQ(report["passed"], true);
  ASSERT_EQ(report["cases"].size(), 4U);
  std::size_t checks = 0;
  for (const Json& item : report["cases"]) checks += item["checks"].size();
  EXPECT_GT(checks, 40U);
}

TEST_F(Verify, NamesTheFirstStageThatIsOff) {
  const std::string config = file_bytes(golden("tiny-v1/config.json"));
  std::string other = config;
  const std::string key = "\"rms_norm_eps\": 1e-05,\n  \"bos_token_id\"";
  other.replace(other.rfind("\"bos_token_id\""), 14, key);
  const ProcessResult result = lectio(
      {"verify", "--case", "v1_tiny512", "--golden", goldens_with("tiny-v1/config.json", other)});
  EXPECT_EQ(result.code, 20);
  EXPECT_THAT(result.err, HasSubstr("the first stage that is off is dec.layer0"));
  EXPECT_THAT(result.out, HasSubstr("OFF"));
}

TEST_F(Verify, NamesAPictureWhoseBytesAreOthers) {
  std::string json = file_bytes(golden("preprocess.json"));
  const std::string hash = "\"sha256\":\"";
  json[json.find(hash) + hash.size()] ^= 1;
  const ProcessResult result =
      lectio({"verify", "--case", "pictures", "--golden", goldens_with("preprocess.json", json)});
  EXPECT_EQ(result.code, 20);
  EXPECT_THAT(result.err, HasSubstr("pictures: the first stage that is off is resize"));
}

TEST_F(Verify, RefusesGoldensThatItCannotRead) {
  EXPECT_EQ(lectio({"verify", "--golden", (folder_ / "nowhere").string()}).code, 2);
  const ProcessResult result = lectio({"verify", "--case", "v1_tiny512", "--golden",
                                       goldens_with("v1_tiny512.safetensors", "no tensors")});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("v1_tiny512.safetensors"));
  EXPECT_EQ(lectio({"verify", "--kernels", "abacus"}).code, 64);
  EXPECT_EQ(lectio({"verify", "--full", "v3"}).code, 64);
  EXPECT_EQ(lectio({"verify", "--case", "v3_huge"}).code, 64);
}

}  // namespace
}  // namespace lectio
