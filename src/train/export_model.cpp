// SPDX-License-Identifier: Apache-2.0
#include "train/export_model.h"

#include <map>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "model/spec/tensor_table.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights/safetensors_writer.h"
#include "model/weights/tensor_source.h"

namespace lectio::train {
namespace {

// Where an official tensor stands in the trainer's buffers: a row range of a parameter, or, for the
// down projections of fused experts, a column range.
struct Place {
  const ParameterInfo* info = nullptr;
  std::int64_t expert = -1;  // of a fused parameter
  bool columns = false;
};

// "model.layers.3.mlp.experts.5.up_proj.weight" -> "model.layers.3.mlp.experts.up_proj.weight"
// and 5.
std::pair<std::string, std::int64_t> fused_name(const std::string& name) {
  const std::string mark = ".mlp.experts.";
  const std::size_t at = name.find(mark);
  if (at == std::string::npos) return {name, -1};
  const std::size_t digits = at + mark.size(), end = name.find('.', digits);
  return {name.substr(0, digits) + name.substr(end + 1),
          std::stoll(name.substr(digits, end - digits))};
}

Place find_place(const std::map<std::string, const ParameterInfo*>& by_name,
                 const std::string& official) {
  const auto [name, expert] = fused_name(official);
  const auto found = by_name.find(name);
  if (found == by_name.end()) return {};
  return {found->second, expert, name.find("down_proj") != std::string::npos};
}

torch::Tensor view_of(const torch::Tensor& flat, const Place& place,
                      const std::vector<std::int64_t>& shape) {
  const torch::Tensor whole =
      flat.narrow(0, place.info->offset, place.info->elements).view(place.info->shape);
  if (place.expert < 0) return whole;
  const std::int64_t axis = place.columns ? 1 : 0, extent = shape[static_cast<std::size_t>(axis)];
  return whole.narrow(axis, place.expert * extent, extent);
}

// Pages are drawn grey, so nothing taught the channels of the patch kernel apart: their mean makes
// a coloured page look as its grey one does.
constexpr const char* kPatchKernel = "model.sam_model.patch_embed.proj.weight";  // [width, 3, s, s]

torch::Tensor without_colour(const torch::Tensor& kernel) {
  return kernel.mean(1, /*keepdim=*/true).expand_as(kernel);
}

std::map<std::string, const ParameterInfo*> index_by_name(const Parameters& parameters) {
  std::map<std::string, const ParameterInfo*> by_name;
  for (const ParameterInfo& info : parameters.infos()) {
    if (info.exported) by_name[info.name] = &info;
  }
  return by_name;
}

std::vector<TensorEntry> trained_tensors(const Recipe& recipe) {
  std::vector<TensorEntry> entries;
  for (TensorEntry& entry : tensor_table(recipe.network, recipe.neck_width)) {
    if (entry.used) entries.push_back(std::move(entry));
  }
  return entries;
}

// 3 x 3 kernels in blocks of 8 bits lie in the file as one row an output channel.
bool holds(const Shape& stored, const std::vector<std::int64_t>& wanted) {
  const Shape shape(wanted);
  return stored == shape || stored == Shape{wanted[0], shape.elements() / wanted[0]};
}

}  // namespace

Result<void> export_model(const std::filesystem::path& folder, const Recipe& recipe,
                          Replica& replica, const std::string& tokenizer_json) {
  torch::NoGradGuard no_grad;
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return Error(ErrorCode::kIo, folder.string() + ": cannot create: " + code.message());
  const auto by_name = index_by_name(replica.parameters());
  const torch::Tensor average = replica.optimizer().average().to(torch::kCPU);
  std::vector<TensorHeading> headings;
  const std::vector<TensorEntry> entries = trained_tensors(recipe);
  for (const TensorEntry& entry : entries)
    headings.push_back({entry.name, DType::kBF16, Shape(entry.shape)});
  LECTIO_TRY(SafetensorsWriter writer,
             SafetensorsWriter::create(folder / "model.safetensors", std::move(headings),
                                       {{"format", "pt"}}));
  for (const TensorEntry& entry : entries) {
    const Place place = find_place(by_name, entry.name);
    LECTIO_CHECK(place.info != nullptr, entry.name);
    torch::Tensor numbers = view_of(average, place, entry.shape);
    if (entry.name == kPatchKernel) numbers = without_colour(numbers);
    numbers = numbers.contiguous().to(torch::kBFloat16);
    LECTIO_CHECK(numbers.sizes() == torch::IntArrayRef(entry.shape), entry.name);
    const auto* bytes = static_cast<const std::byte*>(numbers.data_ptr());
    LECTIO_TRY_VOID(
        writer.append(entry.name, {bytes, static_cast<std::size_t>(numbers.numel()) * 2}));
  }
  LECTIO_TRY_VOID(writer.commit());
  LECTIO_TRY_VOID(write_file_atomic(folder / "tokenizer.json", tokenizer_json));
  return write_file_atomic(folder / "config.json", to_config_json(recipe.network));
}

Result<void> load_model(const std::filesystem::path& folder, const Recipe& recipe,
                        Replica& replica) {
  torch::NoGradGuard no_grad;
  LECTIO_TRY(const TensorSource source, TensorSource::open(folder));
  const auto by_name = index_by_name(replica.parameters());
  torch::Tensor host = replica.parameters().master().to(torch::kCPU).clone();
  std::string problems;
  for (const TensorEntry& entry : trained_tensors(recipe)) {
    const StoredTensor* stored = source.find(entry.name);
    const Place place = find_place(by_name, entry.name);
    LECTIO_CHECK(place.info != nullptr, entry.name);
    if (stored == nullptr || !holds(stored->view.shape, entry.shape)) {
      problems += "; tensor '" + entry.name + "': expected " + Shape(entry.shape).to_string() +
                  ", found " + (stored == nullptr ? "none" : stored->view.shape.to_string());
      continue;
    }
    std::vector<float> numbers = to_floats(stored->view);
    view_of(host, place, entry.shape)
        .copy_(torch::from_blob(numbers.data(), entry.shape, torch::kFloat32));
  }
  if (!problems.empty()) return Error(ErrorCode::kInvalidModel, folder.string() + problems);
  replica.parameters().master().copy_(host);
  replica.optimizer().average().copy_(host);
  replica.parameters().publish();
  return {};
}

Result<void> export_mean(const std::vector<std::filesystem::path>& models, Recipe recipe,
                         const std::filesystem::path& folder) {
  LECTIO_CHECK(!models.empty(), "a mean of models");
  LECTIO_TRY(const std::string tokenizer_json, read_file(models.front() / "tokenizer.json"));
  LECTIO_TRY(const Tokenizer tokenizer, Tokenizer::from_json(tokenizer_json, "tokenizer.json"));
  recipe.network.decoder.vocabulary = tokenizer.size();
  Replica replica(recipe, torch::kCPU);
  torch::Tensor sum = torch::zeros_like(replica.parameters().master());
  for (const std::filesystem::path& model : models) {
    LECTIO_TRY(const std::string other, read_file(model / "tokenizer.json"));
    if (other != tokenizer_json) {
      return Error(ErrorCode::kInvalidModel, (model / "tokenizer.json").string() +
                                                 ": expected the same file as in " +
                                                 models.front().string() + ", found another");
    }
    LECTIO_TRY_VOID(load_model(model, recipe, replica));
    sum += replica.optimizer().average();
  }
  replica.optimizer().average().copy_(sum / static_cast<double>(models.size()));
  return export_model(folder, recipe, replica, tokenizer_json);
}

}  // namespace lectio::train
