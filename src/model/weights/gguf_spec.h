// SPDX-License-Identifier: Apache-2.0
// Which network a GGUF model is, from its metadata and, before them, from its tensors (spec 12).
#pragma once

#include "base/result.h"
#include "model/gguf/gguf_model.h"
#include "model/spec/network_spec.h"
#include "model/weights/tensor_source.h"

namespace lectio {

// Whether tiles were trained on, as NetworkSpec::reads_tiles; absent from all files but our own.
inline constexpr const char* kGgufReadsTilesKey = "lectio.reads_tiles";
// As NetworkSpec::bars_unsure_repeats; likewise.
inline constexpr const char* kGgufBarsUnsureRepeatsKey = "lectio.bars_unsure_repeats";

// By clip.projector_type; Ollama's layout has v1 alone.
Result<Family> gguf_family(const GgufModel& model);

// Widths and counts come from the tensors, under their official names, because metadata are wrong
// about some of them in the files that are around. Metadata give what no shape shows: heads,
// experts a token, positions, theta, epsilon of the decoder, ids. The epsilons, the activations,
// the window, the size of the pictures and the full rotation of heads are the family's own,
// whatever metadata say. kInvalidModel with every problem: features that the networks do not have
// among them.
Result<NetworkSpec> gguf_spec(const GgufModel& model, Family family, const TensorSource& tensors);

}  // namespace lectio
