// SPDX-License-Identifier: Apache-2.0
#include "model/weights/binder.h"

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "model/spec/problems.h"

namespace lectio {
namespace {

std::string shape_text(std::initializer_list<std::int64_t> shape) {
  std::string text = "[";
  for (const std::int64_t extent : shape) {
    if (text.size() > 1) text += ", ";
    text += extent < 0 ? "any" : std::to_string(extent);
  }
  return text + "]";
}

bool fits(const Shape& shape, std::initializer_list<std::int64_t> expected) {
  if (shape.rank() != static_cast<int>(expected.size())) return false;
  int axis = 0;
  for (const std::int64_t extent : expected) {
    if (extent >= 0 && extent != shape[axis]) return false;
    ++axis;
  }
  return true;
}

// A block-format matrix that holds the kernel of each output channel as one row.
bool fits_flat(const TensorView& stored, std::initializer_list<std::int64_t> expected) {
  const Shape whole{std::span(expected.begin(), expected.size())};
  return is_block_format(stored.dtype) && stored.shape.rank() == 2 && whole.rank() > 2 &&
         stored.shape[0] == whole[0] && stored.shape.elements() == whole.elements();
}

}  // namespace

const StoredTensor* Binder::look_up(const std::string& name,
                                    std::initializer_list<std::int64_t> shape, bool allow_flat) {
  seen_.push_back(name);
  const StoredTensor* stored = source_.find(name);
  if (stored == nullptr) {
    problems_.push_back("tensor '" + name + "': expected " + shape_text(shape) + ", found nothing");
    return nullptr;
  }
  const std::string where = stored->file + ": tensor '" + name + "': expected ";
  bool usable = true;
  if (!fits(stored->view.shape, shape) && !(allow_flat && fits_flat(stored->view, shape))) {
    problems_.push_back(where + shape_text(shape) + ", found " + stored->view.shape.to_string());
    usable = false;
  }
  if (!is_weight_format(stored->view.dtype)) {
    problems_.push_back(where + "F32, BF16, F16 or a block format, found " +
                        dtype_name(stored->view.dtype));
    usable = false;
  }
  return usable ? stored : nullptr;
}

TensorView Binder::weight(const std::string& name, std::initializer_list<std::int64_t> shape) {
  const StoredTensor* stored = look_up(name, shape, /*allow_flat=*/false);
  return stored == nullptr ? TensorView{} : stored->view;
}

Tensor Binder::floats(const std::string& name, std::initializer_list<std::int64_t> shape) {
  const StoredTensor* stored = look_up(name, shape, /*allow_flat=*/true);
  if (stored == nullptr) return {};
  const bool flat = stored->view.shape.rank() != static_cast<int>(shape.size());
  Tensor tensor(flat ? Shape{std::span(shape.begin(), shape.size())} : stored->view.shape);
  const std::vector<float> values = to_floats(stored->view);
  std::copy(values.begin(), values.end(), tensor.f32());
  return tensor;
}

Tensor Binder::kernels(const std::string& name, std::initializer_list<std::int64_t> shape) {
  const StoredTensor* const stored = source_.find(name);
  if (stored == nullptr || stored->view.dtype != DType::kBF16) return floats(name, shape);
  const TensorView view = weight(name, shape);
  if (view.empty()) return {};
  Tensor tensor(view.shape, DType::kBF16);
  std::memcpy(tensor.view().data, view.data, static_cast<std::size_t>(view.bytes()));
  return tensor;
}

void Binder::tolerate(const std::string& name) { seen_.push_back(name); }

Result<void> Binder::finish() const {
  if (!problems_.empty()) {
    return problems_error(ErrorCode::kInvalidModel, source_.name(), problems_);
  }
  std::vector<std::string> seen = seen_;
  std::sort(seen.begin(), seen.end());
  std::int64_t strangers = 0;
  std::string first;
  for (const auto& [name, stored] : source_.tensors()) {
    if (std::binary_search(seen.begin(), seen.end(), name)) continue;
    if (strangers++ == 0) first = name;
  }
  if (strangers > 0) {
    log(LogLevel::kWarning,
        source_.name() + ": " + std::to_string(strangers) +
            " tensors that the network does not have are ignored, the first is '" + first + "'");
  }
  return {};
}

}  // namespace lectio
