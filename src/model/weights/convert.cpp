// SPDX-License-Identifier: Apache-2.0
#include "model/weights/convert.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "compute/tensor/blocks.h"
#include "model/spec/problems.h"
#include "model/weights/format_plan.h"
#include "model/weights/safetensors_writer.h"

namespace lectio {
namespace {

// Tensors are contiguous and whole blocks, so that any multiple of the longest block may be
// converted by itself.
constexpr std::int64_t kPiece = std::int64_t{1} << 16;
constexpr std::int64_t kPiecesAtOnce = 64;

using Append = std::function<Result<void>(std::span<const std::byte>)>;

// Numbers [begin, begin + count) of the source, a multiple of both block lengths or the end, as
// `to`.
Result<RoundingError> convert_piece(const TensorView& from, std::int64_t begin, std::int64_t count,
                                    DType to, std::byte* out) {
  std::vector<float> numbers(static_cast<std::size_t>(count));
  const auto* const bytes = static_cast<const std::byte*>(from.data);
  numbers_to_floats(from.dtype, bytes, begin, count, numbers.data());
  return encode_row(to, numbers, out);
}

Result<RoundingError> convert_numbers(const TensorView& from, DType to, ThreadPool& pool,
                                      const Append& append) {
  const std::int64_t elements = from.shape.elements();
  RoundingError error;
  std::vector<std::byte> buffer;
  for (std::int64_t begin = 0; begin < elements; begin += kPiece * kPiecesAtOnce) {
    const std::int64_t count = std::min(kPiece * kPiecesAtOnce, elements - begin);
    const std::int64_t pieces = (count + kPiece - 1) / kPiece;
    buffer.resize(static_cast<std::size_t>(row_bytes(to, count)));
    std::vector<std::optional<Result<RoundingError>>> errors(static_cast<std::size_t>(pieces));
    pool.parallel_for(pieces, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t piece = first; piece < last; ++piece) {
        const std::int64_t at = piece * kPiece;
        errors[static_cast<std::size_t>(piece)] = convert_piece(
            from, begin + at, std::min(kPiece, count - at), to, buffer.data() + row_bytes(to, at));
      }
    });
    for (const auto& piece : errors) {
      if (!*piece) return piece->error();
      error.add(**piece);
    }
    LECTIO_TRY_VOID(append(buffer));
  }
  return error;
}

Result<ConvertedTensor> convert_tensor(const std::string& name, const StoredTensor& stored,
                                       DType to, ThreadPool& pool, const Append& append) {
  const DType from = stored.view.dtype;
  ConvertedTensor report{name, from, to, 0, {}};
  const std::string where = stored.file + ": tensor " + quoted_name(name);
  if (!is_weight_format(from)) {
    return Error(ErrorCode::kInvalidModel,
                 where + ": expected F32, BF16, F16 or a block format, found " + dtype_name(from));
  }
  report.bytes = row_bytes(to, stored.view.shape.elements());
  if (from == to) {
    const auto* const bytes = static_cast<const std::byte*>(stored.view.data);
    LECTIO_TRY_VOID(append({bytes, static_cast<std::size_t>(report.bytes)}));
    return report;
  }
  const Result<RoundingError> error = convert_numbers(stored.view, to, pool, append);
  if (!error) return error.error().within(where);
  report.error = *error;
  return report;
}

}  // namespace

Result<std::vector<TensorEntry>> complete_table(const Checkpoint& checkpoint) {
  const StoredTensor* const neck = checkpoint.tensors.find("model.sam_model.neck.0.weight");
  const std::int64_t neck_width = neck == nullptr ? 1 : neck->view.shape[0];
  std::vector<TensorEntry> table;
  std::vector<std::string> problems;
  for (TensorEntry& entry : tensor_table(checkpoint.spec, neck_width)) {
    const StoredTensor* const stored = checkpoint.tensors.find(entry.name);
    if (stored == nullptr) {
      if (entry.used) problems.push_back("tensor '" + entry.name + "': missing");
      continue;
    }
    const Shape shape{std::span<const std::int64_t>(entry.shape)};
    if (stored->view.shape.elements() != shape.elements()) {
      problems.push_back("tensor '" + entry.name + "': expected " + shape.to_string() + ", found " +
                         stored->view.shape.to_string());
    }
    table.push_back(std::move(entry));
  }
  if (problems.empty()) return table;
  return problems_error(ErrorCode::kInvalidModel, checkpoint.tensors.name(), problems);
}

Result<std::vector<ConvertedTensor>> convert_to_safetensors(const TensorSource& source,
                                                            const std::vector<TensorEntry>& table,
                                                            DType format,
                                                            const std::filesystem::path& out,
                                                            ThreadPool& pool) {
  std::map<std::string, Shape> shapes;
  for (const TensorEntry& entry : table) shapes[entry.name] = Shape(std::span(entry.shape));
  std::vector<TensorHeading> headings;
  for (const auto& [name, stored] : source.tensors()) {
    const auto listed = shapes.find(name);
    const Shape& shape = listed == shapes.end() ? stored.view.shape : listed->second;
    const FormatPlan plan = plan_format(shape, format);
    headings.push_back({name, plan.dtype, plan.shape});
  }
  LECTIO_TRY(SafetensorsWriter writer,
             SafetensorsWriter::create(out, headings, {{"format", "pt"}}));
  std::vector<ConvertedTensor> report;
  for (const TensorHeading& heading : headings) {
    const Append append = [&](std::span<const std::byte> bytes) {
      return writer.append(heading.name, bytes);
    };
    LECTIO_TRY(ConvertedTensor converted, convert_tensor(heading.name, *source.find(heading.name),
                                                         heading.dtype, pool, append));
    report.push_back(std::move(converted));
  }
  LECTIO_TRY_VOID(writer.commit());
  return report;
}

Result<std::vector<ConvertedTensor>> convert_to_gguf(const Checkpoint& checkpoint, DType format,
                                                     const GgufPaths& paths,
                                                     const GgufFields& tokenizer,
                                                     ThreadPool& pool) {
  LECTIO_TRY(const std::vector<TensorEntry> table, complete_table(checkpoint));
  LECTIO_TRY(GgufCheckpointWriter writer,
             GgufCheckpointWriter::create(paths, checkpoint.spec, format, table, tokenizer));
  std::vector<ConvertedTensor> report;
  for (const TensorEntry& entry : table) {
    const Append append = [&](std::span<const std::byte> bytes) {
      return writer.append(entry.name, bytes);
    };
    LECTIO_TRY(ConvertedTensor converted,
               convert_tensor(entry.name, *checkpoint.tensors.find(entry.name),
                              writer.format_of(entry.name), pool, append));
    report.push_back(std::move(converted));
  }
  LECTIO_TRY_VOID(writer.commit());
  return report;
}

}  // namespace lectio
