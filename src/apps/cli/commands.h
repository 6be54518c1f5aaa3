// SPDX-License-Identifier: Apache-2.0
// The commands: each does its work and returns the exit code.
#pragma once

#include "apps/cli/arguments.h"

namespace lectio::cli {

int run_read(const ReadArguments& arguments);
int run_info(const InfoArguments& arguments);
int run_typeset(const TypesetArguments& arguments);
int run_convert(const ConvertArguments& arguments);
int run_synth(const SynthArguments& arguments);
int run_verify(const VerifyArguments& arguments);
int run_bench(const BenchArguments& arguments);
// The work of another lectio, in a process of its own: ocr/assembly/overlay_program.h.
int run_overlay_pdf();
int run_eval_pages(const EvalPagesArguments& arguments);
int run_eval_controls(const EvalControlsArguments& arguments);
int run_eval_curve(const EvalCurveArguments& arguments);

}  // namespace lectio::cli
