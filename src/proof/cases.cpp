// SPDX-License-Identifier: Apache-2.0
#include "proof/cases.h"

namespace lectio::proof {
namespace {

constexpr Family k1 = Family::kV1;
constexpr Family k2 = Family::kV2;

constexpr GoldenCase kTinyCases[] = {
    {"v1_tiny512", "tiny-v1", "images/A.png", k1, Mode::kTiny, false, true},
    {"v1_small640", "tiny-v1", "images/B.png", k1, Mode::kSmall, false, false},
    {"v1_base1024", "tiny-v1", "images/C.png", k1, Mode::kBase, false, false},
    {"v1_gundam2x3", "tiny-v1", "images/D.png", k1, Mode::kGundam, false, false},
    {"v2_stretch768", "tiny-v2", "images/B.png", k2, Mode::kSmall, false, true},
    {"v2_base1024", "tiny-v2", "images/C.png", k2, Mode::kBase, false, false},
    {"v2_tiles2x3", "tiny-v2", "images/D.png", k2, Mode::kGundam, false, false},
};

constexpr GoldenCase kFullCases[] = {
    {"full/v1_base", "full/v1", "full/F1.png", k1, Mode::kBase, true, false},
    {"full/v1_gundam2x2", "full/v1", "full/F1.png", k1, Mode::kGundam, true, false},
    {"full/v2_base", "full/v2", "full/F1.png", k2, Mode::kBase, true, false},
};

}  // namespace

std::span<const GoldenCase> tiny_cases() { return kTinyCases; }
std::span<const GoldenCase> full_cases() { return kFullCases; }

}  // namespace lectio::proof
