// SPDX-License-Identifier: Apache-2.0
#include "proof/prove_network.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "ocr/generate/generate.h"
#include "ocr/pages/page.h"
#include "ocr/views/views.h"
#include "proof/check_logits.h"
#include "proof/golden_file.h"
#include "proof/stage_checker.h"

namespace lectio::proof {
namespace {

constexpr std::int32_t kOfficialImageId = 128815;
constexpr std::size_t kGreedyTokens = 24;

Error mismatch(const GoldenCase& golden_case, const std::string& text) {
  return Error(ErrorCode::kInvalidInput, std::string(golden_case.name) + ": " + text);
}

// One case on one network. Kept while it is proved.
class Proof {
 public:
  Proof(const GoldenCase& golden_case, const GoldenFile& golden, const Network& network,
        const Setting& setting)
      : case_(golden_case),
        golden_(golden),
        network_(network),
        setting_(setting),
        precision_(precision_of(setting.ops, setting.format, setting.cache)) {
    report_.name = golden_case.name;
  }

  Result<CaseReport> run();

 private:
  Result<void> read_prompt();
  Result<Views> check_views();
  void check_stages(const Views& views);
  void check_tiles_in_groups(const Views& views);
  Result<void> check_greedy(const char* name, const NoRepeatRule& rule, KvCache& cache);
  Result<void> check_rules();
  Bound bound(std::string_view stage) const {
    return bound_of(stage, network_.spec(), precision_, case_.full_size);
  }
  Tensor embed(const Views& views, const StageObserver& observe) {
    const Tensor vision = network_.encode(setting_.ops, context_, views.global.view(),
                                          views.tiles.view(), views.layout, observe);
    return network_.embed(setting_.ops, context_, ids_, image_id_, vision.view());
  }

  const GoldenCase& case_;
  const GoldenFile& golden_;
  const Network& network_;
  const Setting& setting_;
  const Precision precision_;
  CaseReport report_;
  std::span<const std::int32_t> ids_;
  std::int32_t image_id_ = kOfficialImageId;
  Tensor rows_;  // the decoder's input
  Arena scratch_;
  kernels::Context context_{setting_.pool, scratch_};
};

Result<void> Proof::read_prompt() {
  LECTIO_TRY(ids_, golden_.ints("input_ids"));
  if (!case_.full_size) {
    LECTIO_TRY(const std::string text, golden_.metadata("image_token"));
    image_id_ = static_cast<std::int32_t>(std::strtol(text.c_str(), nullptr, 10));
  }
  const std::int64_t vocabulary = network_.spec().decoder.vocabulary;
  const bool known = std::ranges::all_of(
      ids_, [&](std::int32_t id) { return id >= 0 && std::int64_t{id} < vocabulary; });
  if (!known) return mismatch(case_, "input_ids: expected ids of the network's vocabulary");
  return {};
}

Result<Views> Proof::check_views() {
  LECTIO_TRY(const Page page, open_page(setting_.golden / case_.picture));
  LECTIO_TRY(const ViewPlan plan,
             plan_views(case_.family, page.image.width, page.image.height, case_.mode));
  if (std::ranges::count(ids_, image_id_) != plan.layout.count()) {
    return mismatch(case_, "input_ids: expected " + std::to_string(plan.layout.count()) +
                               " image tokens for this picture");
  }
  LECTIO_TRY(const std::vector<Image> images, cut_images(page.image, plan));
  LECTIO_TRY(const std::string text, golden_.metadata("view_sha256"));
  const auto hashes = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  StageCheck check = told("views", Measure::kCount);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::string name = i == 0 ? "global0" : "local" + std::to_string(i - 1);
    const bool same =
        hashes.is_object() && hashes.contains(name) && hashes[name] == sha256_hex(images[i].pixels);
    if (same) continue;
    check.max_error += 1;
    check.norm_error = check.max_error / static_cast<double>(images.size());
    check.note = "the bytes of " + name + " are others";
  }
  report_.checks.push_back(judged(std::move(check)));
  return cut(page.image, plan);
}

void Proof::check_stages(const Views& views) {
  const auto length = std::ssize(ids_);
  const NearTies ties = NearTies::of(golden_, length);
  StageChecker checker(golden_, network_.spec(), precision_, case_.full_size, ties);
  const StageObserver observe = std::ref(checker);
  rows_ = embed(views, observe);
  checker("embeds", rows_.view());
  KvCache cache = network_.make_cache(length, setting_.cache);
  const Tensor logits({length, network_.spec().decoder.vocabulary});
  network_.decode(setting_.ops, context_, rows_.view(), cache, logits.view(), observe);
  for (StageCheck& check : checker.finish()) report_.checks.push_back(std::move(check));
  for (StageCheck& check :
       check_logits(golden_, logits.view(), bound("logits"), precision_.exact(), case_.full_size)) {
    report_.checks.push_back(std::move(check));
  }
}

// Unwatched, tiles are encoded a few at a time.
void Proof::check_tiles_in_groups(const Views& views) {
  const Tensor rows = embed(views, {});
  report_.checks.push_back(
      check_of("embeds, tiles in groups", golden_.compare("embeds", rows.view()), bound("embeds")));
}

// The cache holds the prompt but for its last token.
Result<void> Proof::check_greedy(const char* name, const NoRepeatRule& rule, KvCache& cache) {
  const std::string stage = std::string("greedy.") + name;
  LECTIO_TRY(const auto expected, golden_.ints(stage + ".ids"));
  const std::int64_t length = std::ssize(ids_);
  const Tensor logits({1, network_.spec().decoder.vocabulary});
  cache.truncate(length - 1);
  network_.decode(setting_.ops, context_, rows_.view().row_range(length - 1, 1), cache,
                  logits.view());
  Random random(0);
  std::vector<std::int32_t> output;
  while (output.size() < std::min(expected.size(), kGreedyTokens)) {
    output.push_back(choose_token(logits.floats(), banned_tokens(rule, ids_, output), 0, random));
    const Tensor row =
        network_.embed(setting_.ops, context_, std::span(output).last(1), /*image_id=*/-1, {});
    KvCache* const sequence = &cache;
    network_.step(setting_.ops, context_, row.view(), std::span(&sequence, 1), logits.view());
  }
  StageCheck check = told(stage, Measure::kCount);
  const auto [ours, theirs] = std::ranges::mismatch(output, expected);
  const auto agree = ours - output.begin();
  check.max_error = static_cast<double>(std::ssize(output) - agree);
  check.norm_error = check.max_error / static_cast<double>(expected.size());
  if (theirs != expected.end()) {
    check.note = "token " + std::to_string(agree) + " is " + std::to_string(*ours) + ", expected " +
                 std::to_string(*theirs);
  }
  report_.checks.push_back(precision_.exact() ? judged(std::move(check)) : std::move(check));
  return {};
}

Result<void> Proof::check_rules() {
  using Kind = NoRepeatRule::Kind;
  LECTIO_TRY(const auto whitelist, golden_.ints("greedy.win_wl.whitelist"));
  const NoRepeatRule whole{Kind::kWholeSequence, 3, 0, {}};
  const NoRepeatRule window{Kind::kWindow, 3, 12, {}};
  const NoRepeatRule spared{Kind::kWindow, 3, 12, {whitelist.begin(), whitelist.end()}};

  const std::int64_t length = std::ssize(ids_);
  KvCache cache =
      network_.make_cache(length + static_cast<std::int64_t>(kGreedyTokens), setting_.cache);
  const Tensor logits({1, network_.spec().decoder.vocabulary});
  network_.decode(setting_.ops, context_, rows_.view(), cache, logits.view());
  LECTIO_TRY_VOID(check_greedy("none", {}, cache));
  LECTIO_TRY_VOID(check_greedy("hf3", whole, cache));
  LECTIO_TRY_VOID(check_greedy("win", window, cache));
  return check_greedy("win_wl", spared, cache);
}

Result<CaseReport> Proof::run() {
  if (network_.spec().family != case_.family) {
    return mismatch(case_, "expected a network of the other family");
  }
  LECTIO_TRY_VOID(read_prompt());
  LECTIO_TRY(const Views views, check_views());
  check_stages(views);
  if (!case_.full_size) {
    if (views.layout.tiles) check_tiles_in_groups(views);
    LECTIO_TRY_VOID(check_rules());
  }
  return std::move(report_);
}

}  // namespace

Result<CaseReport> prove_network(const GoldenCase& golden_case, const Network& network,
                                 const Setting& setting) {
  LECTIO_TRY(const GoldenFile golden,
             GoldenFile::open(setting.golden / (std::string(golden_case.name) + ".safetensors")));
  return Proof(golden_case, golden, network, setting).run();
}

}  // namespace lectio::proof
