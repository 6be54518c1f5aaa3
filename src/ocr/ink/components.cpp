// SPDX-License-Identifier: Apache-2.0
#include "ocr/ink/components.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "base/check.h"

namespace lectio {
namespace {

// Pixels of one row that follow each other, and the component that they are of.
struct Run {
  std::int64_t begin, end;
  std::size_t label;
};

// Components that turn out to be one are joined: the earlier takes the later.
class Labels {
 public:
  std::size_t add(const Component& component) {
    parent_.push_back(parent_.size());
    components_.push_back(component);
    return parent_.size() - 1;
  }
  std::size_t root(std::size_t label) {
    while (parent_[label] != label) {
      parent_[label] = parent_[parent_[label]];
      label = parent_[label];
    }
    return label;
  }
  std::size_t join(std::size_t a, std::size_t b) {
    a = root(a);
    b = root(b);
    if (a == b) return a;
    if (b < a) std::swap(a, b);
    parent_[b] = a;
    components_[a].box = united(components_[a].box, components_[b].box);
    components_[a].area += components_[b].area;
    return a;
  }
  std::vector<Component> roots() const {
    std::vector<Component> result;
    for (std::size_t i = 0; i < parent_.size(); ++i) {
      if (parent_[i] == i) result.push_back(components_[i]);
    }
    return result;
  }

 private:
  std::vector<std::size_t> parent_;
  std::vector<Component> components_;
};

}  // namespace

std::vector<Component> connected_components(std::span<const std::uint8_t> mask, std::int64_t width,
                                            std::int64_t height) {
  LECTIO_CHECK(static_cast<std::int64_t>(mask.size()) == width * height,
               "a mask of " + std::to_string(mask.size()) + " pixels");
  Labels labels;
  std::vector<Run> above;
  std::vector<Run> here;
  for (std::int64_t y = 0; y < height; ++y) {
    const std::uint8_t* const row = mask.data() + y * width;
    here.clear();
    std::size_t next = 0;  // of the runs above: none before it touches what is to come
    for (std::int64_t x = 0; x < width;) {
      if (row[x] == 0) {
        ++x;
        continue;
      }
      std::int64_t end = x;
      while (end < width && row[end] != 0) ++end;
      std::size_t label = labels.add({{x, y, end, y + 1}, end - x});
      while (next < above.size() && above[next].end < x) ++next;
      // A run that ends where this one begins touches it at a corner.
      for (std::size_t i = next; i < above.size() && above[i].begin <= end; ++i) {
        label = labels.join(label, above[i].label);
      }
      here.push_back({x, end, label});
      x = end;
    }
    std::swap(above, here);
  }
  return labels.roots();
}

}  // namespace lectio
