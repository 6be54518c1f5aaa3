// SPDX-License-Identifier: Apache-2.0
// Models by formula, from the command line.
#include <nlohmann/json.hpp>

#include "fixture.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class Synth : public EndToEnd {
 protected:
  std::string config() const { return golden("tiny-v1/config.json").string(); }
  std::string model() const { return (folder_ / "model").string(); }
};

TEST_F(Synth, WritesAModelThatReadReads) {
  for (const char* format : {"bf16", "q8"}) {
    const ProcessResult made =
        lectio({"synth", config(), "-o", model(), "--format", format, "--json"});
    ASSERT_EQ(made.code, 0) << made.err;
    const Json report = Json::parse(made.out);
    EXPECT_EQ(report["schema"], "lectio.synth");
    EXPECT_EQ(report["tensors"], 192);
    const ProcessResult read = lectio(
        {"read", "--model", model(), "--mode", "tiny", "--max-tokens", "4", page("A"), "--json"});
    ASSERT_EQ(read.code, 0) << read.err;
    EXPECT_EQ(Json::parse(read.out)["vision_tokens"], 73);
  }
}

TEST_F(Synth, CutsTheWeightsIntoShardsThatAreReadAlike) {
  ASSERT_EQ(lectio({"synth", config(), "-o", model()}).code, 0);
  const std::vector<std::string> read = {"read", "--model",      model(), "--mode",
                                         "tiny", "--max-tokens", "4",     page("A")};
  const std::string whole = lectio(read).out;
  std::filesystem::remove_all(model());
  ASSERT_EQ(lectio({"synth", config(), "-o", model(), "--shard", "0.001"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "model/model.safetensors.index.json"));
  EXPECT_EQ(lectio(read).out, whole);
}

TEST_F(Synth, RefusesWhatIsNoNetwork) {
  const ProcessResult missing = lectio({"synth", "v3", "-o", model()});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("v3"));
  EXPECT_EQ(lectio({"synth", write("c.json", "{}"), "-o", model()}).code, 13);
  EXPECT_EQ(lectio({"synth", "v1", "-o", model(), "--format", "q3"}).code, 64);
  EXPECT_EQ(lectio({"synth", "v1"}).code, 64);
}

}  // namespace
}  // namespace lectio
