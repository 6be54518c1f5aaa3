// SPDX-License-Identifier: Apache-2.0
// Scratch memory for activations: grows to the largest use seen, then never allocates again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "compute/tensor/tensor.h"

namespace lectio {

// A stack of tensors. What a ScratchScope makes is given back when the scope ends. Blocks are kept,
// so a second run of the same code allocates nothing. One thread at a time.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::size_t bytes_reserved() const;
  // How many times memory was taken from the system so far: flat while decoding.
  std::int64_t allocations() const;
  // The arenas of so many threads that work side by side, kept like the blocks. What they hold
  // counts here.
  std::span<const std::unique_ptr<Arena>> lanes(std::int64_t count);

 private:
  friend class ScratchScope;
  struct Free {
    void operator()(std::byte* pointer) const;
  };
  struct Block {
    std::unique_ptr<std::byte, Free> data;
    std::size_t size = 0;
  };
  struct Mark {
    std::size_t block = 0;
    std::size_t offset = 0;
  };
  void* take(std::size_t bytes);

  std::vector<Block> blocks_;
  std::vector<std::unique_ptr<Arena>> lanes_;
  Mark top_;
  std::int64_t allocations_ = 0;
};

// Everything made through a scope dies with it. Scopes nest like calls do.
class ScratchScope {
 public:
  explicit ScratchScope(Arena& arena) : arena_(arena), mark_(arena.top_) {}
  ~ScratchScope() { arena_.top_ = mark_; }
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;

  // Uninitialised numbers, 64-byte aligned.
  TensorView make(Shape shape, DType dtype = DType::kF32);

 private:
  Arena& arena_;
  Arena::Mark mark_;
};

// An array of plain values, each as its type begins; dies with the scope.
template <typename T>
std::span<T> make_array(ScratchScope& scratch, std::int64_t count) {
  static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 64);
  auto* const memory =
      static_cast<T*>(scratch.make({count, static_cast<std::int64_t>(sizeof(T))}, DType::kU8).data);
  std::uninitialized_value_construct_n(memory, count);
  return {memory, static_cast<std::size_t>(count)};
}

}  // namespace lectio
