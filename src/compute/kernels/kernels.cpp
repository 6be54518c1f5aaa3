// SPDX-License-Identifier: Apache-2.0
// Which table runs: by what the CPU says that it can do, or by name.
#include "compute/kernels/kernels.h"

#include "compute/kernels/cpu/tables.h"

namespace lectio::kernels {
namespace {

#if defined(LECTIO_HAS_X86_KERNELS)
// The question covers the operating system: a set whose registers it does not save counts as
// absent. Every CPU with AVX2 converts halves (F16C), which cannot be asked for by name everywhere.
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
bool has_narrow() {
  return has_avx512() && __builtin_cpu_supports("avx512bf16") &&
         __builtin_cpu_supports("avx512vnni");
}
#endif

// The tables of this machine, best last.
std::vector<const Table*> tables() {
  std::vector<const Table*> found = {&reference()};
#if defined(LECTIO_HAS_X86_KERNELS)
  if (has_avx2()) found.push_back(&cpu::avx2_table());
  if (has_avx512()) found.push_back(&cpu::avx512_table());
  if (has_narrow()) {
    found.push_back(&cpu::avx512vnni_table());
    found.push_back(&cpu::avx512bf16_table());
  }
#endif
  return found;
}

}  // namespace

const Table& for_this_cpu() { return *tables().back(); }

const Table* by_name(std::string_view name) {
  if (name == "auto") return &for_this_cpu();
  for (const Table* table : tables()) {
    if (name == table->name) return table;
  }
  return nullptr;
}

std::vector<std::string_view> available() {
  std::vector<std::string_view> names;
  for (const Table* table : tables()) names.emplace_back(table->name);
  return names;
}

}  // namespace lectio::kernels
