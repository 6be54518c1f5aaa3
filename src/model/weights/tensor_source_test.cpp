// SPDX-License-Identifier: Apache-2.0
#include "model/weights/tensor_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/splitmix.h"
#include "model/spec/tensor_table.h"
#include "model/weights/binder.h"
#include "model/weights/safetensors_writer.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

fs::path golden(const std::string& name) {
  return fs::path(LECTIO_SOURCE_DIR) / "tests" / "golden" / name;
}

// A folder of its own for each test.
class TensorSourceTest : public ::testing::Test {
 protected:
  TensorSourceTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / (std::string("lectio_source_") + info->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~TensorSourceTest() override { fs::remove_all(folder_); }

  void write_shard(const std::string& file, const std::vector<std::string>& names) {
    Tensor tensor(Shape{2, 3});
    std::map<std::string, TensorView> tensors;
    for (const std::string& name : names) tensors[name] = tensor.view();
    ASSERT_TRUE(write_safetensors(folder_ / file, tensors));
  }
  void write_index(const std::string& weight_map) {
    ASSERT_TRUE(
        write_file_atomic(folder_ / "model.safetensors.index.json",
                          R"({"metadata":{"total_size":1},"weight_map":)" + weight_map + "}"));
  }
  std::string error_of_open() {
    const auto source = TensorSource::open(folder_);
    return source ? "" : source.error().message();
  }

  fs::path folder_;
};

TEST_F(TensorSourceTest, AccountsForEveryTensorOfTheTinyCheckpoints) {
  for (const char* name : {"tiny-v1", "tiny-v2"}) {
    const auto source = TensorSource::open(golden(name));
    ASSERT_TRUE(source) << source.error().message();
    const auto spec = read_network_spec(golden(name) / "config.json");
    ASSERT_TRUE(spec);
    const auto table = tensor_table(*spec, 32);
    EXPECT_EQ(source->tensors().size(), table.size());
    for (const TensorEntry& entry : table) {
      const StoredTensor* stored = source->find(entry.name);
      ASSERT_NE(stored, nullptr) << entry.name;
      EXPECT_EQ(stored->view.dtype, DType::kBF16);
      EXPECT_EQ(stored->view.shape, Shape(std::span<const std::int64_t>(entry.shape)))
          << entry.name;
      EXPECT_EQ(stored->file, "model.safetensors");
    }
    EXPECT_EQ(source->metadata().at("format"), "pt");
  }
}

TEST_F(TensorSourceTest, ReadsTheNumbersOfAGoldenFile) {
  const auto source = TensorSource::open(golden("v1_tiny512.safetensors"));
  ASSERT_TRUE(source) << source.error().message();
  const StoredTensor* stat = source->find("logits.stat");
  ASSERT_NE(stat, nullptr);
  EXPECT_EQ(stat->view.dtype, DType::kF64);
  EXPECT_EQ(stat->view.shape, (Shape{4}));
  EXPECT_EQ(source->find("logits.nothing"), nullptr);
}

TEST_F(TensorSourceTest, OpensAnIndexWithItsShards) {
  write_shard("model-00001-of-000002.safetensors", {"a", "b"});
  write_shard("model-00002-of-000002.safetensors", {"c"});
  write_index(
      R"({"a":"model-00001-of-000002.safetensors","c":"model-00002-of-000002.safetensors"})");
  const auto source = TensorSource::open(folder_);
  ASSERT_TRUE(source) << source.error().message();
  EXPECT_EQ(source->tensors().size(), 3U);  // b too, although the index forgot it
  EXPECT_EQ(source->find("c")->file, "model-00002-of-000002.safetensors");
}

TEST_F(TensorSourceTest, SaysWhatIsWrongWithAnIndex) {
  EXPECT_THAT(error_of_open(),
              HasSubstr("expected model.safetensors or model.safetensors.index.json"));
  write_index("[]");
  EXPECT_THAT(error_of_open(), HasSubstr("object 'weight_map'"));
  write_index("{}");
  EXPECT_THAT(error_of_open(), HasSubstr("names no tensor"));
  write_index(R"({"a":"../x.safetensors","b":3,"c":"/etc/passwd"})");
  EXPECT_THAT(error_of_open(),
              AllOf(HasSubstr("tensor 'a': expected the name of a file beside the index"),
                    HasSubstr("tensor 'b'"), HasSubstr("tensor 'c'")));
  write_index(R"({"a":"x.safetensors","b":"y.safetensors"})");
  EXPECT_THAT(error_of_open(),
              AllOf(HasSubstr("x.safetensors: cannot open"), HasSubstr("y.safetensors")));
  write_shard("x.safetensors", {"a"});
  write_shard("y.safetensors", {"a"});
  EXPECT_THAT(error_of_open(), HasSubstr("tensor 'a': also in x.safetensors"));
  write_shard("y.safetensors", {"c"});
  write_index(R"({"a":"y.safetensors","b":"x.safetensors"})");
  EXPECT_THAT(error_of_open(),
              AllOf(HasSubstr("tensor 'a': expected in y.safetensors, found in x.safetensors"),
                    HasSubstr("tensor 'b': expected in x.safetensors, found nowhere")));
}

TEST_F(TensorSourceTest, NamesAFileThatIsNotThere) {
  const auto source = TensorSource::open(folder_ / "none.safetensors");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code(), ErrorCode::kNotFound);
}

TEST_F(TensorSourceTest, KeepsItsViewsWhenMoved) {
  auto opened = TensorSource::open(golden("tiny-v1"));
  ASSERT_TRUE(opened);
  const float before = to_floats(opened->find("model.norm.weight")->view)[3];
  const TensorSource moved = *std::move(opened);
  EXPECT_EQ(to_floats(moved.find("model.norm.weight")->view)[3], before);
}

TEST_F(TensorSourceTest, RoundTripsWhatTheWriterWrote) {
  Random random(7);
  Tensor floats(Shape{3, 5});
  for (float& value : floats.floats()) value = static_cast<float>(random.uniform(-1, 1));
  Tensor halves(Shape{7}, DType::kBF16);
  Tensor blocks(Shape{2, 64}, DType::kQ8);
  std::memset(blocks.view().data, 1, static_cast<std::size_t>(blocks.view().bytes()));
  const fs::path file = folder_ / "w.safetensors";
  const std::map<std::string, TensorView> tensors = {
      {"h", halves.view()}, {"f", floats.view()}, {"q", blocks.view()}};
  ASSERT_TRUE(write_safetensors(file, tensors, {{"made by", "a test"}}));
  const auto first_bytes = read_file(file);
  ASSERT_TRUE(write_safetensors(file, tensors, {{"made by", "a test"}}));
  EXPECT_EQ(*first_bytes, *read_file(file));

  const auto source = TensorSource::open(file);
  ASSERT_TRUE(source) << source.error().message();
  EXPECT_EQ(source->metadata().at("made by"), "a test");
  for (const auto& [name, view] : tensors) {
    const TensorView& stored = source->find(name)->view;
    EXPECT_EQ(stored.dtype, view.dtype) << name;
    EXPECT_EQ(stored.shape, view.shape) << name;
    EXPECT_EQ(std::memcmp(stored.data, view.data, static_cast<std::size_t>(view.bytes())), 0)
        << name;
  }
}

TEST_F(TensorSourceTest, LeavesTheOldFileUntilTheNewOneIsWhole) {
  const fs::path file = folder_ / "w.safetensors";
  ASSERT_TRUE(write_file_atomic(file, "old"));
  {
    auto writer = SafetensorsWriter::create(file, {{"a", DType::kF32, Shape{2}}});
    ASSERT_TRUE(writer);
    const float values[2] = {1, 2};
    ASSERT_TRUE(writer->append("a", std::as_bytes(std::span(values, 1))));
    EXPECT_THROW(static_cast<void>(writer->commit()), InvariantError);
    EXPECT_THROW(static_cast<void>(writer->append("a", std::as_bytes(std::span(values, 2)))),
                 InvariantError);
    EXPECT_THROW(static_cast<void>(writer->append("b", {})), InvariantError);
  }
  EXPECT_EQ(*read_file(file), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(TensorSourceTest, ReportsAPlaceThatCannotBeWritten) {
  const auto writer = SafetensorsWriter::create(folder_ / "none" / "w.safetensors", {});
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code(), ErrorCode::kIo);
}

// A header of odd length in front of F32 numbers: legal, and seen.
TEST_F(TensorSourceTest, CopiesNumbersThatStandAtOddPlaces) {
  std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                       R"("b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";
  while ((8 + header.size()) % 4 != 1) header += ' ';
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size());
  const float values[2] = {1.5F, -2.0F};
  file += header + std::string(reinterpret_cast<const char*>(values), 8) + "xyz";
  ASSERT_TRUE(write_file_atomic(folder_ / "model.safetensors", file));
  const auto source = TensorSource::open(folder_);
  ASSERT_TRUE(source) << source.error().message();
  const TensorView view = source->find("a")->view;
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.data) % 4, 0U);
  EXPECT_EQ(view.f32()[0], 1.5F);
  EXPECT_EQ(view.f32()[1], -2.0F);
}

TEST_F(TensorSourceTest, FitsShapesThatDifferInExtentsOf1) {
  Tensor vector(Shape{1, 6});
  Tensor matrix(Shape{2, 1, 3});
  Tensor other(Shape{3, 2});
  ASSERT_TRUE(write_safetensors(
      folder_ / "model.safetensors",
      {{"vector", vector.view()}, {"matrix", matrix.view()}, {"other", other.view()}}));
  auto source = TensorSource::open(folder_);
  ASSERT_TRUE(source);
  source->fit_shapes({{"vector", {6}, true},
                      {"matrix", {-1, 3, 1, 1}, true},
                      {"other", {2, 3}, true},
                      {"none", {1}, true}});
  EXPECT_EQ(source->find("vector")->view.shape, (Shape{6}));
  EXPECT_EQ(source->find("matrix")->view.shape, (Shape{2, 3, 1, 1}));
  EXPECT_EQ(source->find("other")->view.shape, (Shape{3, 2}));
}

TEST_F(TensorSourceTest, BindsEveryTensorOfATinyCheckpoint) {
  const auto source = TensorSource::open(golden("tiny-v1"));
  ASSERT_TRUE(source);
  Binder binder(*source);
  const TensorView head = binder.weight("lm_head.weight", {512, 80});
  EXPECT_EQ(head.dtype, DType::kBF16);
  const Tensor norm = binder.floats("model.norm.weight", {80});
  EXPECT_EQ(norm.floats()[79], to_floats(source->find("model.norm.weight")->view)[79]);
  const TensorView neck = binder.weight("model.sam_model.neck.0.weight", {-1, 48, 1, 1});
  EXPECT_EQ(neck.shape[0], 32);
  EXPECT_TRUE(binder.finish());
}

TEST_F(TensorSourceTest, CollectsEveryBindingProblemBeforeFailing) {
  Tensor ids(Shape{4}, DType::kI64);
  Tensor matrix(Shape{4, 6});
  const fs::path file = folder_ / "w.safetensors";
  ASSERT_TRUE(write_safetensors(file, {{"ids", ids.view()}, {"matrix", matrix.view()}}));
  const auto source = TensorSource::open(file);
  ASSERT_TRUE(source);
  Binder binder(*source);
  EXPECT_TRUE(binder.weight("matrix", {4, 7}).empty());
  EXPECT_TRUE(binder.weight("matrix", {24}).empty());
  EXPECT_TRUE(binder.floats("ids", {4}).view().empty());
  EXPECT_TRUE(binder.weight("nothing", {-1, 2}).empty());
  const Result<void> finished = binder.finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().code(), ErrorCode::kInvalidModel);
  EXPECT_THAT(finished.error().message(),
              AllOf(HasSubstr("4 problems"),
                    HasSubstr("w.safetensors: tensor 'matrix': expected [4, 7], found [4, 6]"),
                    HasSubstr("tensor 'ids': expected F32, BF16, F16 or a block format, found I64"),
                    HasSubstr("tensor 'nothing': expected [any, 2], found nothing")));
}

TEST_F(TensorSourceTest, ToleratesTensorsThatNobodyReads) {
  write_shard("w.safetensors", {"a", "extra"});
  const auto source = TensorSource::open(folder_ / "w.safetensors");
  ASSERT_TRUE(source);
  Binder binder(*source);
  EXPECT_FALSE(binder.weight("a", {2, 3}).empty());
  EXPECT_TRUE(binder.finish());
}

}  // namespace
}  // namespace lectio
