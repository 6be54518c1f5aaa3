// SPDX-License-Identifier: Apache-2.0
#include "model/spec/tensor_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace lectio {
namespace {

NetworkSpec read(const std::string& name) {
  auto spec = read_network_spec(std::string(LECTIO_SOURCE_DIR) + "/tests/golden/" + name);
  EXPECT_TRUE(spec) << spec.error().message();
  return *spec;
}

std::int64_t elements(const std::vector<TensorEntry>& table, const std::string& prefix = "") {
  std::int64_t sum = 0;
  for (const TensorEntry& entry : table) {
    if (entry.name.rfind(prefix, 0) != 0) continue;
    std::int64_t product = 1;
    for (const std::int64_t extent : entry.shape) product *= extent;
    sum += product;
  }
  return sum;
}

std::int64_t count(const std::vector<TensorEntry>& table, const std::string& prefix) {
  return std::count_if(table.begin(), table.end(),
                       [&](const TensorEntry& entry) { return entry.name.rfind(prefix, 0) == 0; });
}

const TensorEntry& find(const std::vector<TensorEntry>& table, const std::string& name) {
  const auto entry = std::find_if(table.begin(), table.end(),
                                  [&](const TensorEntry& e) { return e.name == name; });
  EXPECT_NE(entry, table.end()) << name;
  return *entry;
}

TEST(TensorTable, CountsTheTensorsAndBytesOfV1) {
  const auto table = tensor_table(read("full/config-v1.json"), 256);
  EXPECT_EQ(table.size(), 2710U);
  EXPECT_EQ(elements(table), 3336106240);
  EXPECT_EQ(elements(table) * 2, 6672212480);
  EXPECT_EQ(count(table, "model.sam_model."), 179);
  EXPECT_EQ(elements(table, "model.sam_model."), 95569152);
  EXPECT_EQ(count(table, "model.vision_model."), 293);
  EXPECT_EQ(elements(table, "model.vision_model."), 303177728);
  EXPECT_EQ(count(table, "model.layers.") + 3, 2234);
}

TEST(TensorTable, CountsTheTensorsAndBytesOfV2) {
  const auto table = tensor_table(read("full/config-v2.json"), 256);
  EXPECT_EQ(table.size(), 2707U);
  EXPECT_EQ(elements(table), 3389119360);
  EXPECT_EQ(elements(table) * 2, 6778238720);
  EXPECT_EQ(elements(table, "model.sam_model."), 94979328);
  EXPECT_EQ(count(table, "model.qwen2_model."), 291);
  EXPECT_EQ(elements(table, "model.qwen2_model."), 358256512);
  EXPECT_EQ(count(table, "model.image_newline"), 0);
}

TEST(TensorTable, NamesEachTensorOnce) {
  for (const char* config : {"full/config-v1.json", "full/config-v2.json"}) {
    const auto table = tensor_table(read(config), 256);
    std::set<std::string> names;
    for (const TensorEntry& entry : table)
      EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
  }
}

TEST(TensorTable, ListsTheShapesOfTheSpecification) {
  const auto table = tensor_table(read("full/config-v1.json"), 256);
  using Extents = std::vector<std::int64_t>;
  EXPECT_EQ(find(table, "model.sam_model.blocks.2.attn.rel_pos_h").shape, (Extents{127, 64}));
  EXPECT_EQ(find(table, "model.sam_model.blocks.3.attn.rel_pos_w").shape, (Extents{27, 64}));
  EXPECT_EQ(find(table, "model.sam_model.net_3.weight").shape, (Extents{1024, 512, 3, 3}));
  EXPECT_EQ(find(table, "model.layers.11.mlp.shared_experts.down_proj.weight").shape,
            (Extents{1280, 1792}));
  EXPECT_EQ(find(table, "model.layers.0.mlp.down_proj.weight").shape, (Extents{1280, 6848}));
  EXPECT_EQ(find(table, "model.vision_model.embeddings.position_embedding.weight").shape,
            (Extents{257, 1024}));
}

TEST(TensorTable, MarksOnlyThePatchConvolutionOfClipAsUnused) {
  for (const TensorEntry& entry : tensor_table(read("full/config-v1.json"), 256)) {
    EXPECT_EQ(entry.used, entry.name != "model.vision_model.embeddings.patch_embedding.weight")
        << entry.name;
  }
}

TEST(TensorTable, LeavesAnUnknownNeckWidthOpen) {
  const auto table = tensor_table(read("tiny-v1/config.json"));
  EXPECT_EQ(find(table, "model.sam_model.neck.2.weight").shape,
            (std::vector<std::int64_t>{-1, -1, 3, 3}));
  EXPECT_EQ(find(table, "model.sam_model.neck.1.bias").shape, (std::vector<std::int64_t>{-1}));
  EXPECT_EQ(table.size(), 192U);
  EXPECT_EQ(tensor_table(read("tiny-v2/config.json")).size(), 189U);
}

}  // namespace
}  // namespace lectio
