// SPDX-License-Identifier: Apache-2.0
// What the log says beside the loss: does the network look at the page, does it need the language,
// does it know fonts that it has not seen?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/batch.h"
#include "train/replica.h"

namespace lectio::train {

// One set of held-out pages, drawn once.
struct ControlSet {
  std::string name;
  std::vector<Batch> batches;
};

struct ControlResult {
  std::string name;
  double loss = 0;           // nats a token, the true text fed in
  double accuracy = 0;       // share of tokens whose argmax is right
  double shuffled_loss = 0;  // the same with every page's picture swapped for its neighbour's
};

// Natural and random text, in fonts seen and unseen, for a grid of densities on 512 x 512 pages;
// and documents in every mode that a level has.
std::vector<ControlSet> draw_controls(const std::vector<Level>& levels,
                                      const BatchMaker& seen_fonts, const BatchMaker& unseen_fonts);
ControlResult run_control(const Replica& replica, const NetworkSpec& spec, const ControlSet& set);

}  // namespace lectio::train
