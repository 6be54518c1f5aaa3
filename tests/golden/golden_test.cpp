// SPDX-License-Identifier: Apache-2.0
// The released networks at tiny size, stage by stage, on every backend of this machine. What is
// compared and how is in src/proof; `lectio verify` shows the same numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "compute/kernels/kernels.h"
#include "model/network/network.h"
#include "proof/cases.h"
#include "proof/models.h"
#include "proof/prove_network.h"
#include "proof/prove_rules.h"

namespace lectio::proof {
namespace {

const std::filesystem::path kGolden = LECTIO_SOURCE_DIR "/tests/golden";

void expect_pass(const Result<CaseReport>& report) {
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_FALSE(report->checks.empty());
  for (const StageCheck& check : report->checks) {
    ASSERT_NE(check.verdict, Verdict::kOff)
        << report->name << ": the first stage that is off is " << check.stage << ": max "
        << check.max_error << ", norm " << check.norm_error << ", tolerance " << check.tolerance
        << ": " << check.note;
  }
}

struct Proved {
  GoldenCase golden;
  std::string_view backend;
  DType format;
  DType cache = DType::kF32;
};

std::ostream& operator<<(std::ostream& out, const Proved& item) {
  return out << item.golden.name << " on " << item.backend << " in " << dtype_name(item.format)
             << " with keys and values in " << dtype_name(item.cache);
}

// Every case and backend in BF16; rounded weights, keys and values on the best backend alone.
std::vector<Proved> everything() {
  std::vector<Proved> list;
  for (const GoldenCase& golden : tiny_cases()) {
    for (const std::string_view backend : kernels::available()) {
      const bool reference = backend == kernels::reference().name;
      if (!reference || golden.quick) list.push_back({golden, backend, DType::kBF16});
    }
    const std::string_view best = kernels::for_this_cpu().name;
    for (const DType format : {DType::kF32, DType::kF16, DType::kQ8, DType::kQ4}) {
      if (golden.quick || format == DType::kQ8 || format == DType::kQ4)
        list.push_back({golden, best, format});
    }
    for (const DType cache : {DType::kF16, DType::kI8}) {
      list.push_back({golden, best, DType::kF32, cache});
    }
  }
  return list;
}

class GoldenTest : public ::testing::TestWithParam<Proved> {};

TEST_P(GoldenTest, ReproducesEveryStage) {
  const auto& [golden, backend, format, cache] = GetParam();
  const std::filesystem::path work =
      std::filesystem::path(::testing::TempDir()) /
      ("golden_" + std::to_string(::getpid()) + "_" + dtype_name(format) + dtype_name(cache));
  const auto folder = tiny_model(kGolden, golden.model, format, work);
  ASSERT_TRUE(folder) << folder.error().message();
  const auto network = Network::open(*folder);
  ASSERT_TRUE(network) << network.error().message();
  ThreadPool pool(2);
  expect_pass(
      prove_network(golden, *network, {kGolden, *kernels::by_name(backend), pool, format, cache}));
  std::filesystem::remove_all(work);
}

INSTANTIATE_TEST_SUITE_P(Goldens, GoldenTest, ::testing::ValuesIn(everything()),
                         [](const ::testing::TestParamInfo<Proved>& item) {
                           return std::string(item.param.golden.name) + "_" +
                                  std::string(item.param.backend) + "_" +
                                  dtype_name(item.param.format) +
                                  (item.param.cache == DType::kF32
                                       ? std::string()
                                       : std::string("_cache") + dtype_name(item.param.cache));
                         });

TEST(GoldenRules, HoldForPicturesTablesAndTokens) {
  expect_pass(prove_pictures(kGolden));
  expect_pass(prove_tables(kGolden));
  expect_pass(prove_no_repeat(kGolden));
}

}  // namespace
}  // namespace lectio::proof
