// SPDX-License-Identifier: Apache-2.0
// The tiny golden networks, written as every layout and format that Lectio reads, read back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "model/gguf/gguf_writer.h"
#include "model/tokenizer/tokenizer_gguf.h"
#include "model/weights/checkpoint.h"
#include "model/weights/convert.h"
#include "model/weights/safetensors_writer.h"
#include "ocr/engine/engine.h"
#include "ocr/pages/page.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

template <typename T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return *std::move(result);
}

// A table that computes in F32 whatever the weights are stored as: others round activations as the
// format of the weights suggests, and then formats do not give the same tokens.
const kernels::Table& exact_table() {
  for (const char* name : {"avx512", "avx2"}) {
    if (const kernels::Table* const table = kernels::by_name(name)) return *table;
  }
  return kernels::reference();
}

std::string golden(Family family) {
  return std::string(LECTIO_SOURCE_DIR "/tests/golden/tiny-") +
         (family == Family::kV1 ? "v1" : "v2");
}

// Every tensor of the network has the same bytes in both.
void expect_same_tensors(const Checkpoint& one, const Checkpoint& other) {
  const auto table = value_of(complete_table(one));
  EXPECT_EQ(to_config_json(one.spec), to_config_json(other.spec));
  for (const TensorEntry& entry : table) {
    const TensorView a = one.tensors.find(entry.name)->view;
    const StoredTensor* const found = other.tensors.find(entry.name);
    ASSERT_NE(found, nullptr) << entry.name;
    const TensorView b = found->view;
    ASSERT_EQ(a.dtype, b.dtype) << entry.name;
    ASSERT_EQ(a.shape, b.shape) << entry.name;
    ASSERT_EQ(std::memcmp(a.data, b.data, static_cast<std::size_t>(a.bytes())), 0) << entry.name;
  }
}

// The same numbers, whatever they are stored as.
void expect_same_numbers(const Checkpoint& one, const Checkpoint& other) {
  for (const TensorEntry& entry : value_of(complete_table(one))) {
    const StoredTensor* const found = other.tensors.find(entry.name);
    ASSERT_NE(found, nullptr) << entry.name;
    ASSERT_EQ(found->view.shape, one.tensors.find(entry.name)->view.shape) << entry.name;
    ASSERT_EQ(to_floats(one.tensors.find(entry.name)->view), to_floats(found->view)) << entry.name;
  }
}

class LayoutsTest : public ::testing::TestWithParam<Family> {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("lectio-layouts-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Family family() const { return GetParam(); }
  Checkpoint original() const { return value_of(open_checkpoint(golden(family()))); }

  GgufFields tokenizer_fields(const NetworkSpec& spec) const {
    const std::string json = value_of(read_file(golden(family()) + "/tokenizer.json"));
    GgufFields fields;
    write_tokenizer_fields(value_of(parse_tokenizer_json(json, "tokenizer.json")), json,
                           spec.decoder.vocabulary, {spec.bos_id, spec.eos_id}, fields);
    return fields;
  }
  fs::path to_gguf(DType format) {
    const Checkpoint checkpoint = original();
    const fs::path folder = folder_ / dtype_name(format);
    fs::create_directories(folder);
    static_cast<void>(value_of(convert_to_gguf(checkpoint, format, gguf_paths_in(folder),
                                               tokenizer_fields(checkpoint.spec), pool_)));
    return folder;
  }
  // config.json and safetensors from a GGUF model.
  fs::path to_safetensors(const fs::path& gguf, DType format) {
    const Checkpoint checkpoint = value_of(open_checkpoint(gguf));
    const fs::path folder = folder_ / "back";
    fs::create_directories(folder);
    static_cast<void>(write_file_atomic(folder / "config.json", to_config_json(checkpoint.spec)));
    static_cast<void>(
        value_of(convert_to_safetensors(checkpoint.tensors, value_of(complete_table(checkpoint)),
                                        format, folder / "model.safetensors", pool_)));
    return folder;
  }

  std::vector<TokenId> ids_of(const fs::path& model) {
    Engine engine = value_of(Engine::open(model, pool_, exact_table()));
    ReadOptions options;
    options.mode = Mode::kSmall;
    options.generate.max_tokens = 16;
    const Page page = value_of(open_page(LECTIO_SOURCE_DIR "/tests/golden/images/B.png"));
    return value_of(engine.read(page, options)).ids;
  }

  fs::path folder_;
  ThreadPool pool_{2};
};

TEST_P(LayoutsTest, ComeBackFromGgufBitByBit) {
  for (const DType format : {DType::kF32, DType::kBF16}) {
    const fs::path gguf = to_gguf(format);
    expect_same_numbers(original(), value_of(open_checkpoint(gguf)));
    expect_same_tensors(original(), value_of(open_checkpoint(to_safetensors(gguf, DType::kBF16))));
  }
}

TEST_P(LayoutsTest, GgufKeepsOurOwnKeys) {
  Checkpoint checkpoint = original();
  checkpoint.spec.reads_tiles = false;
  checkpoint.spec.bars_unsure_repeats = true;
  static_cast<void>(value_of(convert_to_gguf(checkpoint, DType::kBF16, gguf_paths_in(folder_),
                                             tokenizer_fields(checkpoint.spec), pool_)));
  const NetworkSpec back = value_of(open_checkpoint(folder_)).spec;
  EXPECT_FALSE(back.reads_tiles);
  EXPECT_TRUE(back.bars_unsure_repeats);
}

TEST_P(LayoutsTest, GgufGivesTheSameTokens) {
  const std::vector<TokenId> expected = ids_of(golden(family()));
  ASSERT_FALSE(expected.empty());
  for (const DType format : {DType::kF32, DType::kBF16}) {
    const fs::path gguf = to_gguf(format);
    EXPECT_EQ(ids_of(gguf), expected) << dtype_name(format);
    EXPECT_EQ(ids_of(gguf / "model.gguf"), expected) << dtype_name(format);
  }
  EXPECT_EQ(ids_of(to_gguf(DType::kF16)).size(), expected.size());
  EXPECT_EQ(ids_of(to_gguf(DType::kQ8)).size(), expected.size());
  EXPECT_EQ(ids_of(to_gguf(DType::kQ4)).size(), expected.size());
}

TEST_P(LayoutsTest, GgufHoldsTheSameTokenizer) {
  const fs::path gguf = to_gguf(DType::kF32);
  const GgufFile file = value_of(GgufFile::open(gguf / "model.gguf"));
  EXPECT_EQ(file.header().text("tokenizer.ggml.pre"), "deepseek-v3");
  EXPECT_EQ(file.header().find("tokenizer.huggingface.json"), nullptr);
  const Tokenizer one = value_of(Tokenizer::of_model(golden(family())));
  const Tokenizer other = value_of(Tokenizer::of_model(gguf));
  EXPECT_EQ(one.size(), other.size());
  for (TokenId id = 0; id < one.size(); ++id) EXPECT_EQ(one.token_bytes(id), other.token_bytes(id));
  for (const char* text : {"<image>\nFree OCR.", "a  b\n12345 \xE4\xB8\x80", "<|grounding|>x"}) {
    EXPECT_EQ(one.encode(text), other.encode(text)) << text;
  }
  const TokenizerFile lists = value_of(parse_tokenizer_gguf(file));
  const TokenizerFile json =
      value_of(parse_tokenizer_json(to_tokenizer_json(lists), "written tokenizer.json"));
  EXPECT_EQ(json.vocabulary, lists.vocabulary);
  EXPECT_EQ(json.merges, lists.merges);
  EXPECT_EQ(json.expressions, lists.expressions);
}

TEST_P(LayoutsTest, QuantisedFormatsReportTheirErrors) {
  const Checkpoint checkpoint = original();
  const auto report = value_of(convert_to_gguf(checkpoint, DType::kQ4, gguf_paths_in(folder_),
                                               tokenizer_fields(checkpoint.spec), pool_));
  int exact = 0;
  int four_bits = 0;
  for (const ConvertedTensor& tensor : report) {
    if (tensor.to == DType::kF32) {
      EXPECT_EQ(tensor.error.max_abs, 0) << tensor.name;
    }
    exact += tensor.to == DType::kF32 ? 1 : 0;
    four_bits += tensor.to == DType::kQ4 ? 1 : 0;
    // A step of 1/8 of the largest number of a block, uniformly rounded, against numbers that are
    // a third of it: 1 / 8 / sqrt(12) * 3 = 0.11.
    EXPECT_LT(tensor.error.rms_relative(), tensor.to == DType::kQ4 ? 0.15 : 0.02) << tensor.name;
  }
  EXPECT_GE(exact, 80);     // norms, biases, positions, routers, convolutions
  EXPECT_GE(four_bits, 2);  // the few matrices of so small a network whose rows are whole blocks
}

// One file by hand: the tensors of a layout with these metadata. `is_here` tells by stored name
// which of them are in the file.
void write_by_hand(const fs::path& path, const GgufFields& fields, const Checkpoint& checkpoint,
                   Naming naming, const std::function<bool(std::string_view)>& is_here,
                   const std::map<std::string, Shape>& shapes = {}) {
  std::vector<TensorHeading> headings;
  std::map<std::string, std::vector<std::byte>> contents;
  for (const TensorEntry& entry : value_of(complete_table(checkpoint))) {
    const TensorView view = checkpoint.tensors.find(entry.name)->view;
    const auto place = stored_place(naming, checkpoint.spec.family, entry.name);
    ASSERT_TRUE(place) << entry.name;
    if (!is_here(place->name)) continue;
    std::vector<std::byte>& bytes = contents[place->name];
    const auto* const first = static_cast<const std::byte*>(view.data);
    bytes.insert(bytes.end(), first, first + view.bytes());
    const auto reshaped = shapes.find(place->name);
    if (place->expert.value_or(0) > 0) {
      Shape& shape = std::ranges::find(headings, place->name, &TensorHeading::name)->shape;
      shape = {shape[0] + 1, shape[1], shape[2]};
    } else if (place->expert) {
      headings.push_back({place->name, view.dtype, {1, view.shape[0], view.shape[1]}});
    } else {
      headings.push_back(
          {place->name, view.dtype, reshaped == shapes.end() ? view.shape : reshaped->second});
    }
  }
  GgufWriter writer = value_of(GgufWriter::create(path, fields, headings));
  for (const auto& [name, bytes] : contents) ASSERT_TRUE(writer.write(name, 0, bytes));
  ASSERT_TRUE(writer.commit());
}

bool is_vision(std::string_view name) { return name.starts_with("v.") || name.starts_with("mm."); }

// Ollama's one file, v1: the language file's tensors and keys under other prefixes.
TEST_P(LayoutsTest, OllamasFileGivesTheSameTokens) {
  if (family() != Family::kV1) GTEST_SKIP() << "Ollama has v1 alone";
  const Checkpoint checkpoint = original();
  const DecoderSpec& d = checkpoint.spec.decoder;
  GgufFields fields;
  fields.text("general.architecture", "deepseekocr");
  fields.u32("deepseekocr.attention.head_count", d.heads);
  fields.u32("deepseekocr.expert_used_count", d.experts_per_token);
  fields.u32("deepseekocr.vision.head_count", checkpoint.spec.clip.heads);
  fields.u32("deepseekocr.vision.image_size", 224);
  fields.u32("deepseekocr.sam.head_count", checkpoint.spec.sam.heads);
  fields.append(tokenizer_fields(checkpoint.spec));
  const fs::path path = folder_ / "ollama.gguf";
  write_by_hand(path, fields, checkpoint, Naming::kOllama, [](std::string_view) { return true; });

  expect_same_tensors(checkpoint, value_of(open_checkpoint(path)));
  EXPECT_EQ(ids_of(path), ids_of(golden(family())));
}

// Two files with the mistakes that converters make, and what the caller adds.
void write_with_mistakes(const fs::path& folder, const Checkpoint& checkpoint,
                         const GgufFields& language_extra, const char* projector) {
  const NetworkSpec& spec = checkpoint.spec;
  const bool v1 = spec.family == Family::kV1;
  GgufFields language;
  language.text("general.architecture", "deepseek2-ocr");
  language.u32("deepseek2-ocr.block_count", 77);
  language.u32("deepseek2-ocr.feed_forward_length", 3);
  language.u32("deepseek2-ocr.rope.dimension_count", 0);
  language.u32("deepseek2-ocr.attention.head_count", spec.decoder.heads);
  language.u32("deepseek2-ocr.expert_used_count", spec.decoder.experts_per_token);
  language.u32("deepseek2-ocr.vocab_size", 1);
  language.append(language_extra);
  GgufFields vision;
  vision.text("general.architecture", "clip");
  vision.text("clip.projector_type", projector);
  vision.boolean("clip.use_gelu", true);
  vision.u32("clip.vision.image_size", 224);
  vision.u32("clip.vision.patch_size", 14);
  vision.u32("clip.vision.feed_forward_length", 64);
  vision.u32("clip.vision.attention.head_count", v1 ? spec.clip.heads : spec.flow.heads);
  vision.u32("clip.vision.attention.head_count_kv", 1);
  vision.f32("clip.vision.attention.layer_norm_epsilon", 1e-6F);
  vision.u32("clip.vision.sam.head_count", spec.sam.heads);
  const auto is_language = [](std::string_view name) { return !is_vision(name); };
  write_by_hand(folder / "language.gguf", language, checkpoint, Naming::kLlamaCpp, is_language);
  const std::int64_t width = spec.decoder.width;
  const std::int64_t side = spec.sam.table_side;
  write_by_hand(
      folder / "mmproj.gguf", vision, checkpoint, Naming::kLlamaCpp, is_vision,
      {{"v.view_seperator", {1, width}}, {"v.sam.pos_embd.weight", {side, side, spec.sam.width}}});
}

TEST_P(LayoutsTest, ShapesOverruleWrongMetadata) {
  const Checkpoint checkpoint = original();
  const char* const projector = family() == Family::kV1 ? "deepseekocr" : "deepseekocr2";
  write_with_mistakes(folder_, checkpoint, tokenizer_fields(checkpoint.spec), projector);
  expect_same_tensors(checkpoint, value_of(open_checkpoint(folder_)));
  EXPECT_EQ(ids_of(folder_), ids_of(golden(family())));
}

TEST_P(LayoutsTest, FeaturesThatTheNetworksLackAreRefused) {
  const Checkpoint checkpoint = original();
  const char* const projector = family() == Family::kV1 ? "deepseekocr" : "deepseekocr2";
  const std::string prefix = "deepseek2-ocr.";
  GgufFields extra;
  extra.boolean(prefix + "expert_weights_norm", true);
  extra.u32(prefix + "expert_gating_func", 2);
  extra.f32(prefix + "expert_weights_scale", 2.5F);
  extra.u32(prefix + "attention.head_count_kv", 1);
  extra.text(prefix + "context_length", "long");
  write_with_mistakes(folder_, checkpoint, extra, projector);
  const auto opened = open_checkpoint(folder_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message(),
              AllOf(HasSubstr("5 problems"), HasSubstr("expert_weights_norm: expected 0"),
                    HasSubstr("expert_gating_func: expected 0 or 1, found 2"),
                    HasSubstr("expert_weights_scale: expected 0 or 1, found 2.5"),
                    HasSubstr("head_count_kv: expected 5, found 1"),
                    HasSubstr("context_length: expected a number")));
  write_with_mistakes(folder_, checkpoint, {}, "resampler");
  const auto other = open_checkpoint(folder_);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message(), HasSubstr("clip.projector_type: expected 'deepseekocr'"));
}

// The other version's vision file: tensors that the network needs are missing, and it is said.
TEST_P(LayoutsTest, AFileOfTheOtherVersionIsRefused) {
  const char* const wrong = family() == Family::kV1 ? "deepseekocr2" : "deepseekocr";
  write_with_mistakes(folder_, original(), {}, wrong);
  const auto opened = open_checkpoint(folder_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kInvalidModel);
  EXPECT_THAT(opened.error().message(), HasSubstr("expected for its shape, found nothing"));
}

// The port inside transformers: other names, experts in two tensors a layer, another config.json.
TEST_P(LayoutsTest, TransformersNamesGiveTheSameTokens) {
  if (family() != Family::kV2) GTEST_SKIP() << "the port has v2 alone";
  const Checkpoint checkpoint = original();
  const std::int64_t experts = checkpoint.spec.decoder.experts;
  std::map<std::string, Tensor> stacked;
  std::map<std::string, TensorView> tensors;
  for (const TensorEntry& entry : value_of(complete_table(checkpoint))) {
    const TensorView view = checkpoint.tensors.find(entry.name)->view;
    const auto place = stored_place(Naming::kTransformers, family(), entry.name);
    ASSERT_TRUE(place) << entry.name;
    if (!place->expert) {
      tensors[place->name] = view;
      continue;
    }
    const std::int64_t rows = view.shape[0];
    const Tensor& all =
        stacked
            .try_emplace(place->name, Shape{experts, place->parts * rows, view.shape[1]},
                         view.dtype)
            .first->second;
    const TensorView to =
        all.view().row_range((*place->expert * place->parts + place->part) * rows, rows);
    std::memcpy(to.data, view.data, static_cast<std::size_t>(view.bytes()));
  }
  for (const auto& [name, tensor] : stacked) tensors[name] = tensor.view();
  ASSERT_TRUE(write_safetensors(folder_ / "model.safetensors", tensors));
  fs::copy_file(golden(family()) + "/tokenizer.json", folder_ / "tokenizer.json");
  ASSERT_TRUE(write_file_atomic(folder_ / "config.json", R"({
    "model_type": "deepseek_ocr2", "projector_input_dim": 64, "projector_n_embed": 80,
    "text_config": {"vocab_size": 512, "hidden_size": 80, "num_hidden_layers": 3,
      "num_attention_heads": 5, "num_key_value_heads": 5, "intermediate_size": 176,
      "mlp_layer_types": ["dense", "sparse", "sparse"], "n_routed_experts": 8,
      "num_experts_per_tok": 3, "moe_intermediate_size": 32, "n_shared_experts": 1,
      "bos_token_id": 0, "eos_token_id": 1,
      "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"}},
    "vision_config": {
      "sam_config": {"hidden_size": 48, "num_hidden_layers": 4, "num_attention_heads": 3,
        "global_attn_indexes": [1, 3], "downsample_channels": [48, 64]},
      "encoder_config": {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
        "num_key_value_heads": 2, "intermediate_size": 176}}})"));
  expect_same_tensors(checkpoint, value_of(open_checkpoint(folder_)));
  EXPECT_EQ(ids_of(folder_), ids_of(golden(family())));
}

INSTANTIATE_TEST_SUITE_P(Members, LayoutsTest, ::testing::Values(Family::kV1, Family::kV2),
                         [](const auto& member) {
                           return std::string(member.param == Family::kV1 ? "v1" : "v2");
                         });

}  // namespace
}  // namespace lectio
