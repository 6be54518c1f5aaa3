// SPDX-License-Identifier: Apache-2.0
// A page whose first reading stops half way down: the shipped model reads the rest of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/thread_pool.h"
#include "ocr/engine/engine.h"
#include "ocr/reader/careful.h"
#include "optical/typeset/typeset.h"

namespace lectio {
namespace {

constexpr const char* kText =
    "The river rises in the hills above the town and runs for thirty miles before it meets the "
    "sea. In spring the meadows on both banks are under water, and the farmers move their cattle "
    "to higher ground. The old mill has stood beside the bridge for two hundred years. Its wheel "
    "no longer turns, but the building is used as a library, and every child of the parish has "
    "borrowed a book there.";

// The share of the words of `text` that `read` has, too.
double words_found(std::string text, const std::string& read) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::size_t words = 0;
  std::size_t found = 0;
  for (std::size_t at = 0; at < text.size(); ++words) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (read.find(text.substr(at, end - at)) != std::string::npos) ++found;
    at = end + 1;
  }
  return static_cast<double>(found) / static_cast<double>(words);
}

TEST(UnreadRegion, TheShippedModelReadsWhatTheFirstAttemptLeftOut) {
  TypesetConfig config;
  config.width = 512;
  config.height = 512;
  config.size = 24;
  config.fonts = {"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"};
  const auto pages = paginate(kText, config);
  ASSERT_TRUE(pages);
  ASSERT_EQ(pages->size(), 1U);
  Page page;
  page.image = pages->front().image;

  ThreadPool pool(2);
  auto engine = Engine::open(std::filesystem::path(LECTIO_SOURCE_DIR) / "models/lectio-nano", pool,
                             *kernels::by_name("auto"));
  ASSERT_TRUE(engine) << engine.error().message();
  // Ends its first text early and takes that for the end of the page.
  bool first = true;
  const AskModel ask = [&](const Page& asked, const ReadOptions& options) -> Result<PageText> {
    ReadOptions how = options;
    if (first) how.generate.max_tokens = 60;
    auto text = engine->read(asked, how);
    if (first && text) text->finish = FinishReason::kStop;
    first = false;
    return text;
  };
  CarefulOptions options;
  options.read.mode = Mode::kTiny;
  options.unread = UnreadHandling::kRead;
  const InkReport ink = look_at_ink(page.image);
  const auto reading = read_carefully(page, ink, options, ask);
  ASSERT_TRUE(reading) << reading.error().message();

  EXPECT_EQ(reading->verdict, Verdict::kDegraded);
  ASSERT_EQ(reading->evidence.attempts.size(), 2U);
  const Attempt& attempt = reading->evidence.attempts[1];
  EXPECT_EQ(attempt.why, "unread_region");
  ASSERT_TRUE(attempt.region);
  EXPECT_GT(attempt.region->y0, page.image.height / 5);
  EXPECT_EQ(attempt.text_end, reading->text.text.size());
  EXPECT_LT(*reading->evidence.unread_ink, 0.1);
  EXPECT_LT(words_found(kText, reading->text.text.substr(0, attempt.text_begin)), 0.7);
  EXPECT_GE(words_found(kText, reading->text.text), 0.9) << reading->text.text;
}

}  // namespace
}  // namespace lectio
