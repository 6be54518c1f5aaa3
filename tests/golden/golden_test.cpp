// SPDX-License-Identifier: Apache-2.0
// The released networks at tiny size, stage by stage, on every backend of this machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "compute/kernels/kernels.h"
#include "golden_case.h"
#include "model/network/network.h"
#include "ocr/generate/generate.h"
#include "ocr/pages/page.h"
#include "ocr/views/views.h"

namespace lectio {
namespace {

using ::testing::IsEmpty;

// README.md, section 4: the rounding noise of the reference is below 2.5e-5 of a stage's RMS.
constexpr double kTolerance = 1e-4;

struct Case {
  const char* name;
  const char* model;
  const char* picture;
  Mode mode;
  bool on_reference;  // small enough for the reference kernels
};

constexpr Case kCases[] = {
    {"v1_tiny512", "tiny-v1", "A", Mode::kTiny, true},
    {"v1_small640", "tiny-v1", "B", Mode::kSmall, false},
    {"v1_base1024", "tiny-v1", "C", Mode::kBase, false},
    {"v1_gundam2x3", "tiny-v1", "D", Mode::kGundam, false},
    {"v2_stretch768", "tiny-v2", "B", Mode::kSmall, true},
    {"v2_base1024", "tiny-v2", "C", Mode::kBase, false},
    {"v2_tiles2x3", "tiny-v2", "D", Mode::kGundam, false},
};

struct Setting {
  Case golden;
  std::string_view backend;
};

std::ostream& operator<<(std::ostream& out, const Setting& setting) {
  return out << setting.golden.name << " on " << setting.backend;
}

std::vector<Setting> settings(bool tiles_alone) {
  std::vector<Setting> settings;
  for (const Case& golden : kCases) {
    if (tiles_alone && golden.mode != Mode::kGundam) continue;
    for (const std::string_view backend : kernels::available()) {
      if (golden.on_reference || backend != "reference") settings.push_back({golden, backend});
    }
  }
  return settings;
}

std::string setting_name(const ::testing::TestParamInfo<Setting>& setting) {
  return std::string(setting.param.golden.name) + "_" + std::string(setting.param.backend);
}

template <typename T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return *std::move(result);
}

class GoldenTest : public ::testing::TestWithParam<Setting> {
 protected:
  GoldenTest()
      : golden_(GetParam().golden.name),
        network_(value_of(Network::open(std::string(LECTIO_SOURCE_DIR "/tests/golden/") +
                                        GetParam().golden.model))),
        ops_(*kernels::by_name(GetParam().backend)),
        ids_(golden_.ints("input_ids")) {}

  Views cut_views() const {
    const Page page = value_of(open_page(std::string(LECTIO_SOURCE_DIR "/tests/golden/images/") +
                                         GetParam().golden.picture + ".png"));
    const ViewPlan plan = value_of(plan_views(network_.spec().family, page.image.width,
                                              page.image.height, GetParam().golden.mode));
    return value_of(cut(page.image, plan));
  }

  std::int64_t vocabulary() const { return network_.spec().decoder.vocabulary; }

  GoldenCase golden_;
  Network network_;
  const kernels::Table& ops_;
  std::vector<std::int32_t> ids_;
  ThreadPool pool_{2};
  Arena scratch_;
  kernels::Context context_{pool_, scratch_};
};

TEST_P(GoldenTest, ReproducesEveryStage) {
  StageChecker checker(golden_, [](std::string_view) {
    return StageChecker::Rule{kTolerance, {}};
  });
  const StageObserver observe = std::ref(checker);
  const Views views = cut_views();
  const auto length = std::ssize(ids_);

  const Tensor vision = network_.encode(ops_, context_, views.global.view(), views.tiles.view(),
                                        views.layout, observe);
  const Tensor rows = network_.embed(ops_, context_, ids_, golden_.image_id(), vision.view());
  checker("embeds", rows.view());
  KvCache cache = network_.make_cache(length);
  const Tensor logits({length, vocabulary()});
  network_.decode(ops_, context_, rows.view(), cache, logits.view(), observe);

  ASSERT_THAT(checker.first_off(), IsEmpty()) << "the first stage that is off";
  EXPECT_THAT(checker.unseen(), IsEmpty());
  if (golden_.has("logits.argmax")) {
    const std::vector<std::int32_t> best = golden_.ints("logits.argmax");
    for (std::int64_t i = 0; i < length; ++i) {
      const auto row = logits.view().row_range(i, 1).floats();
      EXPECT_EQ(std::ranges::max_element(row) - row.begin(), best[static_cast<std::size_t>(i)])
          << "row " << i;
    }
  }
  RecordProperty("largest_error", checker.largest());
}

TEST_P(GoldenTest, ChoosesTheSameTokensUnderEveryRule) {
  NoRepeatRule whole{
      .kind = NoRepeatRule::Kind::kWholeSequence, .n = 3, .window = 0, .whitelist = {}};
  NoRepeatRule window{.kind = NoRepeatRule::Kind::kWindow, .n = 3, .window = 12, .whitelist = {}};
  NoRepeatRule spared = window;
  spared.whitelist = golden_.ints("greedy.win_wl.whitelist");
  const std::pair<const char*, NoRepeatRule> rules[] = {
      {"none", {}}, {"hf3", whole}, {"win", window}, {"win_wl", spared}};

  const auto length = std::ssize(ids_);
  KvCache cache = network_.make_cache(length + 24);
  const Tensor logits({1, vocabulary()});
  const Tensor prompt_logits({1, vocabulary()});
  network_.decode(ops_, context_, golden_.tensor("embeds.full"), cache, prompt_logits.view());
  for (const auto& [name, rule] : rules) {
    cache.truncate(length);
    std::ranges::copy(prompt_logits.floats(), logits.f32());
    Random random(0);
    std::vector<std::int32_t> output;
    while (output.size() < 24) {
      output.push_back(choose_token(logits.floats(), banned_tokens(rule, ids_, output), 0, random));
      const Tensor row = network_.embed(ops_, context_, std::span(output).last(1), -1, {});
      network_.decode(ops_, context_, row.view(), cache, logits.view());
    }
    EXPECT_EQ(output, golden_.ints(std::string("greedy.") + name + ".ids")) << name;
  }
}

// Unwatched, tiles are encoded a few at a time.
class GoldenTilesTest : public GoldenTest {};

TEST_P(GoldenTilesTest, GiveTheSameAFewAtATime) {
  const Views views = cut_views();
  const Tensor vision =
      network_.encode(ops_, context_, views.global.view(), views.tiles.view(), views.layout);
  const Tensor rows = network_.embed(ops_, context_, ids_, golden_.image_id(), vision.view());
  EXPECT_LE(golden_.compare("embeds", rows.view()).relative, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Goldens, GoldenTest, ::testing::ValuesIn(settings(false)), setting_name);
INSTANTIATE_TEST_SUITE_P(Goldens, GoldenTilesTest, ::testing::ValuesIn(settings(true)),
                         setting_name);

}  // namespace
}  // namespace lectio
