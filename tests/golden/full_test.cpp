// SPDX-License-Identifier: Apache-2.0
// The networks at their official size, with weights by formula. Takes minutes and 14 GB of disk,
// hence its own binary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/splitmix.h"
#include "compute/kernels/kernels.h"
#include "golden_case.h"
#include "model/network/network.h"
#include "model/synth/synthetic_model.h"
#include "ocr/pages/page.h"
#include "ocr/views/views.h"

namespace lectio {
namespace {

using ::testing::IsEmpty;

// full/README.md, section 4: what an F32 engine must hold.
constexpr double kEncoderTolerance = 2e-4;
constexpr double kDecoderTolerance = 5e-4;
constexpr double kLogitTolerance = 1e-2;
constexpr float kNearTie = 1e-5F;
constexpr std::int32_t kImageId = 128815;
constexpr std::int64_t kGivenTokens = 17;  // the last token of the prompt and 16 given ones

struct FullCase {
  const char* name;
  const char* version;
  Mode mode;
};

std::ostream& operator<<(std::ostream& out, const FullCase& item) { return out << item.name; }

template <typename T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return *std::move(result);
}

class FullGoldenTest : public ::testing::TestWithParam<FullCase> {
 protected:
  FullGoldenTest()
      : golden_(std::string("full/") + GetParam().name),
        ids_(golden_.ints("input_ids")) {
    find_near_ties();
  }

  Network open_network() {
    const std::string version = GetParam().version;
    const std::string config = LECTIO_SOURCE_DIR "/tests/golden/full/config-" + version + ".json";
    const std::string folder = LECTIO_FULL_GOLDEN_FOLDER "/" + version;
    if (!std::filesystem::exists(folder + "/model.safetensors")) {
      static_cast<void>(
          value_of(write_synthetic_model(value_of(read_file(config)), config, folder, {}, pool_)));
    }
    return value_of(Network::open(folder));
  }

  static Views cut_views(const Network& network) {
    const Page page = value_of(open_page(LECTIO_SOURCE_DIR "/tests/golden/full/F1.png"));
    return value_of(cut(page.image, value_of(plan_views(network.spec().family, page.image.width,
                                                        page.image.height, GetParam().mode))));
  }

  // first_tie_[token]: the first layer whose choice rounding may turn.
  void find_near_ties() {
    const TensorView gaps = golden_.tensor("router.gap");
    first_tie_.assign(ids_.size(), std::numeric_limits<std::int64_t>::max());
    for (std::int64_t token = 0; token < gaps.columns(); ++token) {
      for (std::int64_t row = gaps.rows() - 1; row >= 0; --row) {
        if (gaps.f32()[row * gaps.columns() + token] < kNearTie)
          first_tie_[static_cast<std::size_t>(token)] = row + 1;
      }
    }
  }

  bool tied(std::int64_t token, std::int64_t layer) const {
    return first_tie_[static_cast<std::size_t>(token)] <= layer;
  }

  // "dec.layer7" and "router7.weights" belong to layer 7, "dec.norm" to the last.
  static std::int64_t layer_of(std::string_view stage) {
    const std::size_t digit = stage.find_first_of("0123456789");
    return digit == std::string_view::npos ? std::numeric_limits<std::int64_t>::max() - 1
                                           : std::stoll(std::string(stage.substr(digit)));
  }

  StageChecker::Rule rule_of(std::string_view stage) const {
    if (!stage.starts_with("dec.") && !stage.starts_with("router")) return {kEncoderTolerance, {}};
    const std::int64_t layer = layer_of(stage);
    return {kDecoderTolerance, [this, layer](std::int64_t token) { return tied(token, layer); }};
  }

  // Chosen experts [n, 6] of a layer against the file, as sets.
  void check_experts(std::int64_t layer, TensorView chosen) {
    const TensorView stored = golden_.tensor("router.experts");
    const auto* expected =
        static_cast<const std::uint8_t*>(stored.data) + (layer - 1) * chosen.shape.elements();
    const auto* got = static_cast<const std::int32_t*>(chosen.data);
    const std::int64_t k = chosen.columns();
    for (std::int64_t token = 0; token < chosen.rows(); ++token) {
      const bool same =
          std::is_permutation(got + token * k, got + (token + 1) * k, expected + token * k);
      if (!same && !tied(token, layer)) ++wrong_choices_;
    }
  }

  void check_logits(TensorView logits) const {
    const std::vector<std::int32_t> best = golden_.ints("logits.argmax");
    const std::vector<std::int32_t> top = golden_.ints("logits.top5_ids");
    for (std::int64_t i = 0; i < kGivenTokens; ++i) {
      const auto row = logits.row_range(i, 1).floats();
      const auto place = static_cast<std::size_t>(i);
      EXPECT_EQ(std::ranges::max_element(row) - row.begin(), best[place]) << "row " << i;
      for (std::int64_t k = 0; k < 5; ++k) {
        EXPECT_NEAR(row[static_cast<std::size_t>(top[5 * place + static_cast<std::size_t>(k)])],
                    golden_.tensor("logits.top5").f32()[5 * i + k], kLogitTolerance);
      }
      for (std::uint64_t k = 0; k < 256; ++k) {
        EXPECT_NEAR(row[splitmix64(k) % row.size()],
                    golden_.tensor("logits.samp").f32()[256 * place + k], kLogitTolerance);
      }
      double sum = 0;
      for (const float logit : row) sum += std::exp(static_cast<double>(logit));
      EXPECT_NEAR(std::log(sum), static_cast<const double*>(golden_.tensor("logits.lse").data)[i],
                  kLogitTolerance);
    }
  }

  GoldenCase golden_;
  std::vector<std::int32_t> ids_;
  std::vector<std::int64_t> first_tie_;
  std::int64_t wrong_choices_ = 0;
  ThreadPool pool_;
  Arena scratch_;
  kernels::Context context_{pool_, scratch_};
};

TEST_P(FullGoldenTest, ReproducesEveryStage) {
  const kernels::Table& ops = kernels::for_this_cpu();
  const Network network = open_network();
  const Views views = cut_views(network);
  StageChecker checker(golden_, [this](std::string_view stage) { return rule_of(stage); });
  const StageObserver observe = [&](std::string_view stage, TensorView value) {
    checker(stage, value);
    if (stage.ends_with(".experts")) check_experts(layer_of(stage), value);
  };
  const Tensor vision =
      network.encode(ops, context_, views.global.view(), views.tiles.view(), views.layout, observe);
  ASSERT_THAT(checker.first_off(), IsEmpty()) << "the first stage that is off";
  const Tensor rows = network.embed(ops, context_, ids_, kImageId, vision.view());
  checker("embeds", rows.view());
  KvCache cache = network.make_cache(std::ssize(ids_));
  const Tensor logits({std::ssize(ids_), network.spec().decoder.vocabulary});
  network.decode(ops, context_, rows.view(), cache, logits.view(), observe);
  EXPECT_THAT(checker.first_off(), IsEmpty()) << "the first stage that is off";
  EXPECT_EQ(wrong_choices_, 0);
  check_logits(logits.view().row_range(std::ssize(ids_) - kGivenTokens, kGivenTokens));
  EXPECT_THAT(checker.unseen(), IsEmpty());
  RecordProperty("largest_error", checker.largest());
}

INSTANTIATE_TEST_SUITE_P(Full, FullGoldenTest,
                         ::testing::Values(FullCase{"v1_base", "v1", Mode::kBase},
                                           FullCase{"v1_gundam2x2", "v1", Mode::kGundam},
                                           FullCase{"v2_base", "v2", Mode::kBase}),
                         [](const ::testing::TestParamInfo<FullCase>& item) {
                           return std::string(item.param.name);
                         });

}  // namespace
}  // namespace lectio
