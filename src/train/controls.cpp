// SPDX-License-Identifier: Apache-2.0
#include "train/controls.h"

#include <set>
#include <utility>

namespace lectio::train {
namespace {

struct Totals {
  double loss = 0, correct = 0, counted = 0;
};

void add(Totals& totals, const Replica& replica, const NetworkSpec& spec, const Batch& batch) {
  const LossTerms terms = compute_losses(replica.parameters(), spec, batch, {0, 0, 0});
  const double counted = terms.counted.item<double>();
  totals.loss += terms.text.item<double>() * counted;
  totals.correct += terms.correct.item<double>();
  totals.counted += counted;
}

// For every mode that a level of the recipe has, held-out text in unseen fonts: a set that asks for
// the text and, where the level does, one that asks for Markdown with boxes.
void add_documents(const std::vector<Level>& levels, const BatchMaker& unseen_fonts,
                   GlyphCache& cache, std::vector<ControlSet>& sets) {
  constexpr std::int64_t kPages = 8, kBatches = 2;
  std::set<Mode> done;
  for (Level level : levels) {
    if (!level.mode || !done.insert(*level.mode).second) continue;
    level.batch = kPages;
    level.document.random_text = 0;
    level.document.returning = 0;
    level.spoiled_share = level.guessed_share = 0;
    const bool asks_for_markdown = level.grounded > 0;
    for (const bool markdown : {false, true}) {
      if (markdown && !asks_for_markdown) continue;
      level.grounded = markdown ? 1 : 0;
      ControlSet set{(markdown ? "markdown " : "documents ") + std::string(mode_name(*level.mode)),
                     {}};
      for (std::int64_t i = 0; i < kBatches; ++i) {
        const auto seed = static_cast<std::uint64_t>(9000 + 10 * static_cast<int>(*level.mode) + i);
        set.batches.push_back(unseen_fonts.make(level, 0, true, seed, cache));
      }
      sets.push_back(std::move(set));
    }
  }
}

}  // namespace

std::vector<ControlSet> draw_controls(const std::vector<Level>& levels,
                                      const BatchMaker& seen_fonts,
                                      const BatchMaker& unseen_fonts) {
  constexpr std::int64_t kPages = 32, kBatches = 2, kPixels = 512 * 512;
  std::vector<ControlSet> sets;
  GlyphCache cache;
  add_documents(levels, unseen_fonts, cache, sets);
  for (const std::int64_t area : {500, 250, 180, 120}) {
    Level level;
    level.name = "control";
    level.print.width = level.print.height = 512;
    level.print.min_chars = kPixels / area * 95 / 100;
    level.print.max_chars = kPixels / area * 105 / 100;
    level.print.fill_page = true;
    level.print.degrade = 0;
    level.batch = kPages;
    level.max_tokens = level.print.max_chars + 64;
    for (const bool unseen : {false, true}) {
      for (const bool natural : {true, false}) {
        if (!natural && area != 500 && area != 250) continue;
        ControlSet set;
        set.name = std::string(natural ? "natural" : "random") +
                   (unseen ? " unseen fonts" : " seen fonts") + " A=" + std::to_string(area);
        for (std::int64_t i = 0; i < kBatches; ++i) {
          const auto seed = static_cast<std::uint64_t>(area * 1000 + i);
          set.batches.push_back(
              (unseen ? unseen_fonts : seen_fonts).make(level, 0, natural, seed, cache));
        }
        sets.push_back(std::move(set));
      }
    }
  }
  return sets;
}

ControlResult run_control(const Replica& replica, const NetworkSpec& spec, const ControlSet& set) {
  torch::NoGradGuard no_grad;
  Totals right, wrong;
  for (const Batch& host : set.batches) {
    Batch batch = replica.to_device(host);
    add(right, replica, spec, batch);
    batch.grey = batch.grey.roll(1, 0);
    if (batch.sheet.defined()) batch.sheet = batch.sheet.roll(1, 0);
    add(wrong, replica, spec, batch);
  }
  return {set.name, right.loss / right.counted, right.correct / right.counted,
          wrong.loss / wrong.counted};
}

}  // namespace lectio::train
