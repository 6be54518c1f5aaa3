// SPDX-License-Identifier: Apache-2.0
// Every kind of model that cannot be used ends with code 13 and says what is wrong with which file.
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>

#include "fixture.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::ordered_json;

std::size_t header_length(const std::string& file) {
  std::size_t length = 0;
  for (std::size_t i = 8; i-- > 0;) length = (length << 8) | static_cast<unsigned char>(file[i]);
  return length;
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

class BadModel : public EndToEnd {
 protected:
  void expect_refused(const std::filesystem::path& model, const std::string& part) {
    for (const std::string command : {"read", "info"}) {
      std::vector<std::string> arguments = {command};
      if (command == "read") arguments = {"read", page("A"), "--model"};
      arguments.push_back(model.string());
      const ProcessResult result = lectio(arguments);
      EXPECT_EQ(result.code, 13) << command << ": " << result.err;
      EXPECT_EQ(result.out, "");
      EXPECT_THAT(result.err, StartsWith("lectio: error: "));
      EXPECT_THAT(result.err, HasSubstr(part));
    }
  }
  // A copy of the tiny model with one file rewritten.
  std::filesystem::path with_file(const std::string& name,
                                  const std::function<std::string(std::string)>& rewrite) {
    const auto model = copy_of_model();
    write_bytes(model / name, rewrite(file_bytes(model / name)));
    return model;
  }
  // The same with the header of its weights changed; the numbers stay.
  std::filesystem::path with_header(const std::function<void(Json&)>& change) {
    return with_file("model.safetensors", [&](const std::string& file) {
      const std::size_t length = header_length(file);
      Json header = Json::parse(file.substr(8, length));
      change(header);
      std::string text = header.dump();
      text.append((8 - text.size() % 8) % 8, ' ');  // the numbers stay aligned
      return little_endian(text.size()) + text + file.substr(8 + length);
    });
  }
};

constexpr const char* kTensor = "model.layers.1.mlp.gate.weight";

TEST_F(BadModel, AMissingFolderIsNamed) { expect_refused(folder_ / "nowhere", "nowhere"); }

TEST_F(BadModel, AnEmptyFolderIsNamed) { expect_refused(folder_, "config.json"); }

TEST_F(BadModel, AConfigurationThatIsNoJsonIsRefused) {
  expect_refused(
      with_file("config.json", [](const std::string& text) { return text.substr(0, 200); }),
      "config.json");
}

TEST_F(BadModel, AConfigurationWithAMissingKeyIsRefused) {
  expect_refused(with_file("config.json",
                           [](const std::string& text) {
                             Json config = Json::parse(text);
                             config.erase("hidden_size");
                             config["language_config"].erase("hidden_size");
                             return config.dump();
                           }),
                 "hidden_size");
}

TEST_F(BadModel, ATokenizerThatIsNoJsonIsRefused) {
  expect_refused(
      with_file("tokenizer.json", [](const std::string& text) { return text.substr(0, 999); }),
      "tokenizer.json");
}

TEST_F(BadModel, AMissingTokenizerIsNamed) {
  const auto model = copy_of_model();
  std::filesystem::remove(model / "tokenizer.json");
  expect_refused(model, "tokenizer.json");
}

TEST_F(BadModel, ATensorOfAnotherShapeIsNamedWithBothShapes) {
  expect_refused(with_header([](Json& header) {
                   auto& shape = header[kTensor]["shape"];
                   std::swap(shape[0], shape[1]);
                 }),
                 std::string(kTensor) + "': expected [8, 80], found [80, 8]");
}

TEST_F(BadModel, AMissingTensorIsNamed) {
  expect_refused(with_header([](Json& header) {
                   const Json tensor = header[kTensor];
                   header.erase(kTensor);
                   header["something.else"] = tensor;
                 }),
                 kTensor);
}

TEST_F(BadModel, OverlappingTensorsAreRefused) {
  expect_refused(with_header([](Json& header) {
                   const Json other = header["model.layers.2.mlp.gate.weight"]["data_offsets"];
                   header[kTensor]["data_offsets"] = other;
                 }),
                 "model.safetensors");
}

TEST_F(BadModel, ATensorBehindTheEndOfTheFileIsRefused) {
  expect_refused(with_header([](Json& header) {
                   auto& offsets = header[kTensor]["data_offsets"];
                   offsets[0] = offsets[0].get<std::uint64_t>() + (std::uint64_t{1} << 40);
                   offsets[1] = offsets[1].get<std::uint64_t>() + (std::uint64_t{1} << 40);
                 }),
                 "model.safetensors");
}

TEST_F(BadModel, WeightsCutShortAreRefused) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{100}, std::size_t{1'000'000}}) {
    expect_refused(with_file("model.safetensors",
                             [&](const std::string& file) { return file.substr(0, size); }),
                   "model.safetensors");
  }
}

TEST_F(BadModel, AHeaderLongerThanTheFileIsRefused) {
  expect_refused(with_file("model.safetensors",
                           [](std::string file) { return file.replace(0, 8, 8, '\xFF'); }),
                 "model.safetensors");
}

TEST_F(BadModel, WeightsThatAreNoNumbersEndTheReading) {
  const auto model = with_file("model.safetensors", [](std::string file) {
    const std::size_t length = header_length(file);
    const Json header = Json::parse(file.substr(8, length));
    const auto& offsets = header["model.norm.weight"]["data_offsets"];
    const std::size_t begin = offsets[0].get<std::size_t>();
    const std::size_t size = offsets[1].get<std::size_t>() - begin;
    return file.replace(8 + length + begin, size, size, '\xFF');  // NaN in BF16
  });
  const ProcessResult result =
      lectio({"read", "--model", model.string(), "--mode", "tiny", page("A")});
  EXPECT_EQ(result.code, 13);
  EXPECT_THAT(result.err, HasSubstr("no finite logit"));
}

}  // namespace
}  // namespace lectio
