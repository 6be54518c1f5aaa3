// SPDX-License-Identifier: Apache-2.0
// The tables for x86 CPUs. Which of them a machine can run is for kernels.cpp to say.
#pragma once

#include "compute/kernels/kernels.h"

namespace lectio::kernels::cpu {

const Table& avx2_table();
const Table& avx512_table();
const Table& avx512bf16_table();
const Table& avx512vnni_table();

}  // namespace lectio::kernels::cpu
