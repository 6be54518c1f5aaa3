// SPDX-License-Identifier: Apache-2.0
#include "model/spec/official_spec.h"

#include <gtest/gtest.h>

#include <string>

namespace lectio {
namespace {

// to_config_json is one to one, so equal texts are equal specs.
TEST(OfficialSpec, IsWhatTheOfficialFilesSay) {
  for (const Family family : {Family::kV1, Family::kV2}) {
    const std::string version = family == Family::kV1 ? "v1" : "v2";
    const auto file =
        read_network_spec(LECTIO_SOURCE_DIR "/tests/golden/full/config-" + version + ".json");
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(to_config_json(official_spec(family)), to_config_json(*file)) << version;
  }
}

}  // namespace
}  // namespace lectio
