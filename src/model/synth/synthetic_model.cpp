// SPDX-License-Identifier: Apache-2.0
#include "model/synth/synthetic_model.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>

#include "base/file.h"
#include "model/spec/network_spec.h"
#include "model/spec/official_spec.h"
#include "model/spec/tensor_table.h"
#include "model/synth/formula_weights.h"
#include "model/synth/synthetic_tokenizer.h"
#include "model/tokenizer/tokenizer_gguf.h"
#include "model/tokenizer/tokenizer_json.h"
#include "model/weights/format_plan.h"
#include "model/weights/gguf_checkpoint.h"
#include "model/weights/quantize.h"
#include "model/weights/safetensors_writer.h"

namespace lectio {
namespace {

constexpr std::int64_t kNumbersAtOnce = std::int64_t{1} << 22;

std::int64_t stored_bytes(const TensorHeading& heading) {
  return TensorView{nullptr, heading.dtype, heading.shape}.bytes();
}

// Files and what is in each, in the official order of the tensors. No file is empty.
using Shards = std::vector<std::vector<TensorHeading>>;

Shards plan_shards(const NetworkSpec& spec, const SynthOptions& options) {
  Shards shards(1);
  std::int64_t bytes = 0;
  for (const TensorEntry& entry : tensor_table(spec, kOfficialNeckWidth)) {
    const FormatPlan plan = plan_format(Shape(std::span(entry.shape)), options.format);
    TensorHeading heading{entry.name, plan.dtype, plan.shape};
    const std::int64_t size = stored_bytes(heading);
    if (options.shard_bytes > 0 && bytes > 0 && bytes + size > options.shard_bytes) {
      shards.emplace_back();
      bytes = 0;
    }
    bytes += size;
    shards.back().push_back(std::move(heading));
  }
  return shards;
}

std::string digits(std::size_t number) {
  const std::string text = std::to_string(number);
  return std::string(5 - std::min<std::size_t>(5, text.size()), '0') + text;
}

std::vector<std::string> file_names(std::size_t shards, bool sharded) {
  if (!sharded) return {"model.safetensors"};
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= shards; ++i) {
    names.push_back("model-" + digits(i) + "-of-" + digits(shards) + ".safetensors");
  }
  return names;
}

class CheckpointWriter {
 public:
  CheckpointWriter(const SynthOptions& options, ThreadPool& pool)
      : options_(options),
        pool_(pool) {}

  // All tensors are announced before the first is written.
  void announce(const std::vector<TensorHeading>& headings) {
    for (const TensorHeading& heading : headings) {
      ++report_.tensors;
      report_.parameters += heading.shape.elements();
      report_.bytes += stored_bytes(heading);
    }
  }

  Result<void> write(const std::filesystem::path& path, const std::vector<TensorHeading>& shard) {
    LECTIO_TRY(SafetensorsWriter writer,
               SafetensorsWriter::create(path, shard, {{"format", "pt"}}));
    for (const TensorHeading& heading : shard) LECTIO_TRY_VOID(append(writer, heading));
    LECTIO_TRY_VOID(writer.commit());
    report_.files.push_back(path.filename().string());
    return {};
  }
  Result<void> write(GgufCheckpointWriter& writer, const GgufPaths& paths,
                     const std::vector<TensorHeading>& headings) {
    for (const TensorHeading& heading : headings) LECTIO_TRY_VOID(append(writer, heading));
    LECTIO_TRY_VOID(writer.commit());
    report_.files = {paths.language.filename().string(), paths.vision.filename().string()};
    return {};
  }
  const SynthReport& report() const { return report_; }

 private:
  template <typename Writer>
  Result<void> append(Writer& writer, const TensorHeading& heading) {
    const FormulaTensor tensor(heading.name, heading.shape);
    const std::int64_t length = heading.shape.last();
    const std::int64_t rows_at_once = std::max<std::int64_t>(1, kNumbersAtOnce / length);
    for (std::int64_t row = 0; row < heading.shape.rows(); row += rows_at_once) {
      if (options_.stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped");
      const std::int64_t rows = std::min(rows_at_once, heading.shape.rows() - row);
      encode(tensor, heading.dtype, row * length, rows, length);
      LECTIO_TRY_VOID(writer.append(heading.name, buffer_));
      done_ += std::ssize(buffer_);
      if (options_.on_progress) options_.on_progress(done_, report_.bytes);
    }
    return {};
  }

  // Fills buffer_ with rows of numbers from the flat index `begin` on.
  void encode(const FormulaTensor& tensor, DType dtype, std::int64_t begin, std::int64_t rows,
              std::int64_t length) {
    const std::int64_t stride = row_bytes(dtype, length);
    buffer_.resize(static_cast<std::size_t>(rows * stride));
    const auto body = [&](std::int64_t from, std::int64_t to) {
      std::vector<std::uint16_t> bf16(static_cast<std::size_t>(length));
      std::vector<float> numbers(static_cast<std::size_t>(length));
      for (std::int64_t row = from; row < to; ++row) {
        std::byte* const out = buffer_.data() + row * stride;
        if (dtype == DType::kBF16) {
          tensor.fill(begin + row * length, std::span(bf16));
          std::ranges::copy(std::as_bytes(std::span(bf16)), out);
        } else {
          tensor.fill(begin + row * length, std::span(numbers));
          const auto encoded = encode_row(dtype, numbers, out);
          LECTIO_CHECK(encoded, "the formula gives small numbers alone");
        }
      }
    };
    // Vectors of norms and biases are one row, often short; matrices have rows enough.
    pool_.parallel_for(rows, std::max<std::int64_t>(1, 16384 / length), std::ref(body));
  }

  const SynthOptions& options_;
  ThreadPool& pool_;
  SynthReport report_;
  std::vector<std::byte> buffer_;
  std::int64_t done_ = 0;
};

std::string index_json(const Shards& shards, const std::vector<std::string>& names,
                       std::int64_t bytes) {
  nlohmann::json index;
  index["metadata"]["total_size"] = bytes;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    for (const TensorHeading& heading : shards[i]) index["weight_map"][heading.name] = names[i];
  }
  return index.dump(2) + "\n";
}

Result<SynthReport> write_as_safetensors(std::string_view config_json, const NetworkSpec& spec,
                                         const std::string& tokenizer,
                                         const std::filesystem::path& folder,
                                         const SynthOptions& options, ThreadPool& pool) {
  LECTIO_TRY_VOID(write_file_atomic(folder / "config.json", config_json));
  LECTIO_TRY_VOID(write_file_atomic(folder / "tokenizer.json", tokenizer));
  const bool sharded = options.shard_bytes > 0;
  const Shards shards = plan_shards(spec, options);
  const std::vector<std::string> names = file_names(shards.size(), sharded);
  CheckpointWriter writer(options, pool);
  for (const auto& shard : shards) writer.announce(shard);
  for (std::size_t i = 0; i < shards.size(); ++i) {
    LECTIO_TRY_VOID(writer.write(folder / names[i], shards[i]));
  }
  if (sharded) {
    LECTIO_TRY_VOID(write_file_atomic(folder / "model.safetensors.index.json",
                                      index_json(shards, names, writer.report().bytes)));
  }
  return writer.report();
}

Result<SynthReport> write_as_gguf(const NetworkSpec& spec, const std::string& tokenizer,
                                  const std::filesystem::path& folder, const SynthOptions& options,
                                  ThreadPool& pool) {
  LECTIO_TRY(const TokenizerFile file, parse_tokenizer_json(tokenizer, "tokenizer.json"));
  GgufFields fields;
  write_tokenizer_fields(file, tokenizer, spec.decoder.vocabulary, {spec.bos_id, spec.eos_id},
                         fields);
  const std::vector<TensorEntry> table = tensor_table(spec, kOfficialNeckWidth);
  const GgufPaths paths = gguf_paths_in(folder);
  LECTIO_TRY(GgufCheckpointWriter gguf,
             GgufCheckpointWriter::create(paths, spec, options.format, table, fields));
  std::vector<TensorHeading> headings;
  for (const TensorEntry& entry : table) {
    headings.push_back({entry.name, gguf.format_of(entry.name), Shape(std::span(entry.shape))});
  }
  CheckpointWriter writer(options, pool);
  writer.announce(headings);
  LECTIO_TRY_VOID(writer.write(gguf, paths, headings));
  return writer.report();
}

}  // namespace

Result<SynthReport> write_synthetic_model(std::string_view config_json, std::string_view name,
                                          const std::filesystem::path& folder,
                                          const SynthOptions& options, ThreadPool& pool) {
  LECTIO_TRY(const NetworkSpec spec, parse_network_spec(config_json, name));
  const Result<std::string> tokenizer = synthetic_tokenizer_json(spec.decoder.vocabulary);
  if (!tokenizer) return tokenizer.error().within(name);
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) {
    return Error(ErrorCode::kIo, folder.string() + ": cannot create: " + problem.message());
  }
  return options.gguf ? write_as_gguf(spec, *tokenizer, folder, options, pool)
                      : write_as_safetensors(config_json, spec, *tokenizer, folder, options, pool);
}

}  // namespace lectio
