// SPDX-License-Identifier: Apache-2.0
#include "compute/tensor/arena.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cstdint>
#include <new>

namespace lectio {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kSmallestBlock = std::size_t{1} << 20;

// Asks for huge pages where the system grants them on request: a view of 1024 pixels touches 140 MB
// of activations, which in small pages are 36,000 faults on the first page read. A wish: refusing
// it changes nothing.
void prefer_huge_pages(std::byte* data, std::size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t kHugePage = std::uintptr_t{2} << 20;
  const std::uintptr_t begin =
      (reinterpret_cast<std::uintptr_t>(data) + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t end =
      (reinterpret_cast<std::uintptr_t>(data) + size) / kHugePage * kHugePage;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#else
  static_cast<void>(data);
  static_cast<void>(size);
#endif
}

}  // namespace

void Arena::Free::operator()(std::byte* pointer) const {
  ::operator delete (pointer, std::align_val_t{kAlignment});
}

std::size_t Arena::bytes_reserved() const {
  std::size_t total = 0;
  for (const Block& block : blocks_) total += block.size;
  for (const auto& lane : lanes_) total += lane->bytes_reserved();
  return total;
}

std::int64_t Arena::allocations() const {
  std::int64_t total = allocations_;
  for (const auto& lane : lanes_) total += lane->allocations();
  return total;
}

std::span<const std::unique_ptr<Arena>> Arena::lanes(std::int64_t count) {
  while (std::ssize(lanes_) < count) lanes_.push_back(std::make_unique<Arena>());
  return std::span(lanes_).first(static_cast<std::size_t>(count));
}

void* Arena::take(std::size_t bytes) {
  bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  while (top_.block < blocks_.size() && blocks_[top_.block].size - top_.offset < bytes) {
    top_ = {top_.block + 1, 0};
  }
  if (top_.block == blocks_.size()) {
    const std::size_t size = std::max(bytes, kSmallestBlock);
    auto* data = static_cast<std::byte*>(::operator new (size, std::align_val_t{kAlignment}));
    prefer_huge_pages(data, size);
    blocks_.push_back({std::unique_ptr<std::byte, Free>(data), size});
    ++allocations_;
  }
  std::byte* const pointer = blocks_[top_.block].data.get() + top_.offset;
  top_.offset += bytes;
  return pointer;
}

TensorView ScratchScope::make(Shape shape, DType dtype) {
  TensorView view{nullptr, dtype, shape};
  view.data = arena_.take(static_cast<std::size_t>(std::max<std::int64_t>(view.bytes(), 1)));
  return view;
}

}  // namespace lectio
