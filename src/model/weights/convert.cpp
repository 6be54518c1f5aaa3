// SPDX-License-Identifier: Apache-2.0
#include "model/weights/convert.h"

#include <span>

#include "model/weights/safetensors_writer.h"

namespace lectio {
namespace {

constexpr std::int64_t kSmallestQuantised = 4096;

struct Plan {
  DType dtype = DType::kBF16;
  Shape shape;
};

// 3x3 kernels are read into memory as F32 whatever the file holds; others are used in place and
// keep their axes.
bool is_small_convolution(const Shape& shape) {
  return shape.rank() == 4 && shape[2] == 3 && shape[3] == 3;
}

Plan plan_tensor(const Shape& shape, DType format) {
  if (format != DType::kQ8) return {format, shape};
  if (shape.elements() < kSmallestQuantised || shape.rank() < 2) return {DType::kBF16, shape};
  if (shape.last() % kQ8BlockLength == 0) return {DType::kQ8, shape};
  const Shape flat{shape[0], shape.elements() / shape[0]};
  if (is_small_convolution(shape) && flat.last() % kQ8BlockLength == 0) return {DType::kQ8, flat};
  return {DType::kBF16, shape};
}

}  // namespace

Result<std::vector<ConvertedTensor>> convert_checkpoint(const TensorSource& source, DType format,
                                                        const std::filesystem::path& out) {
  std::vector<TensorHeading> headings;
  std::vector<ConvertedTensor> report;
  for (const auto& [name, stored] : source.tensors()) {
    const Plan plan = plan_tensor(stored.view.shape, format);
    headings.push_back({name, plan.dtype, plan.shape});
    report.push_back({name, stored.view.dtype, plan.dtype, 0, {}});
  }
  LECTIO_TRY(SafetensorsWriter writer,
             SafetensorsWriter::create(out, headings, {{"format", "pt"}}));
  for (std::size_t i = 0; i < headings.size(); ++i) {
    const TensorHeading& heading = headings[i];
    const StoredTensor& stored = *source.find(heading.name);
    const DType from = stored.view.dtype;
    if (from != DType::kF32 && from != DType::kBF16 && from != DType::kF16 && from != DType::kQ8) {
      return Error(ErrorCode::kInvalidModel, stored.file + ": tensor '" + heading.name +
                                                 "': expected F32, BF16, F16 or Q8, found " +
                                                 dtype_name(from));
    }
    const std::vector<float> numbers = to_floats(stored.view);
    const auto length = static_cast<std::size_t>(heading.shape.last());
    std::vector<std::byte> row(
        static_cast<std::size_t>(row_bytes(heading.dtype, heading.shape.last())));
    for (std::size_t begin = 0; begin < numbers.size(); begin += length) {
      Result<RoundingError> error =
          encode_row(heading.dtype, std::span(numbers).subspan(begin, length), row.data());
      if (!error) return error.error().within(stored.file + ": tensor '" + heading.name + "'");
      report[i].error.add(*error);
      report[i].bytes += static_cast<std::int64_t>(row.size());
      LECTIO_TRY_VOID(writer.append(heading.name, row));
    }
  }
  LECTIO_TRY_VOID(writer.commit());
  return report;
}

}  // namespace lectio
