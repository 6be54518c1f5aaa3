// SPDX-License-Identifier: Apache-2.0
#include "model/weights/convert.h"

#include <span>

#include "model/weights/format_plan.h"
#include "model/weights/safetensors_writer.h"

namespace lectio {

Result<std::vector<ConvertedTensor>> convert_checkpoint(const TensorSource& source, DType format,
                                                        const std::filesystem::path& out) {
  std::vector<TensorHeading> headings;
  std::vector<ConvertedTensor> report;
  for (const auto& [name, stored] : source.tensors()) {
    const FormatPlan plan = plan_format(stored.view.shape, format);
    headings.push_back({name, plan.dtype, plan.shape});
    report.push_back({name, stored.view.dtype, plan.dtype, 0, {}});
  }
  LECTIO_TRY(SafetensorsWriter writer,
             SafetensorsWriter::create(out, headings, {{"format", "pt"}}));
  for (std::size_t i = 0; i < headings.size(); ++i) {
    const TensorHeading& heading = headings[i];
    const StoredTensor& stored = *source.find(heading.name);
    const DType from = stored.view.dtype;
    if (!is_weight_format(from)) {
      return Error(ErrorCode::kInvalidModel,
                   stored.file + ": tensor '" + heading.name +
                       "': expected F32, BF16, F16 or a block format, found " + dtype_name(from));
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
