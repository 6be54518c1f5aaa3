// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/file.h"
#include "base/sha256.h"
#include "base/splitmix.h"
#include "pipeline/bounded_queue.h"
#include "pipeline/run_report.h"
#include "pipeline/store.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

// A document in memory: so many pages, each a picture whose size says which page it is.
class ToySource : public PageSource {
 public:
  ToySource(const std::string& name, std::int64_t count, std::set<std::int64_t> poison)
      : PageSource(name, sha256_hex(name)),
        count_(count),
        poison_(std::move(poison)) {}

  std::int64_t count() const override { return count_; }
  Result<Page> page(std::int64_t index) override {
    if (poison_.count(index) != 0) {
      return Error(ErrorCode::kInvalidInput,
                   name() + ", page " + std::to_string(index + 1) + ": bad");
    }
    Page page;
    page.source = name();
    page.index = index;
    page.image = Image(40 + index % 7, 60, 255);
    for (std::int64_t y = 20; y < 40; ++y) page.image.row(y)[60] = 0;
    return page;
  }
  Result<std::string> text_layer(std::int64_t) override { return std::string(); }

 private:
  std::int64_t count_;
  std::set<std::int64_t> poison_;
};

PageReading reading_of(const Page& page) {
  PageReading reading;
  reading.text.text = page.source + " " + std::to_string(page.index);
  reading.text.mode = "tiny";
  reading.evidence.attempts.resize(1);
  return reading;
}

class PipelineTest : public testing::Test {
 protected:
  PipelineTest() {
    stages_.open = [this](const InputFile& input) -> Result<std::unique_ptr<PageSource>> {
      const std::string name = input.path.string();
      if (documents_.count(name) == 0) return Error(ErrorCode::kNotFound, name + ": not there");
      return std::unique_ptr<PageSource>(
          std::make_unique<ToySource>(name, documents_[name], poison_[name]));
    };
    stages_.read = [](const Page& page, const InkReport&) { return reading_of(page); };
    stages_.on_page = [this](PageResult result) -> Result<void> {
      results_.push_back(std::move(result));
      return {};
    };
  }
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / "lectio_pipeline" /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<InputFile> inputs(const std::vector<std::string>& names) {
    std::vector<InputFile> result;
    for (const std::string& name : names) result.push_back({name, name, false});
    return result;
  }
  Result<void> run(const std::vector<std::string>& names) {
    inputs_ = inputs(names);
    return run_pipeline(inputs_, options_, stages_);
  }
  std::string told() const {
    std::string text;
    for (const PageResult& result : results_) {
      text += result.source + ":" + std::to_string(result.page) + ":" +
              std::string(verdict_name(result.reading.verdict)) + " ";
    }
    return text;
  }

  std::map<std::string, std::int64_t> documents_;
  std::map<std::string, std::set<std::int64_t>> poison_;
  std::vector<InputFile> inputs_;
  PipelineOptions options_;
  PipelineStages stages_;
  std::vector<PageResult> results_;
  fs::path folder_;
};

TEST_F(PipelineTest, EveryPageOfEveryDocumentGivesOneResultInOrder) {
  documents_ = {{"a", 3}, {"b", 1}};
  poison_["a"] = {1};
  for (const bool behind : {false, true}) {
    stages_.write_behind = behind;
    results_.clear();
    ASSERT_TRUE(run({"a", "absent", "b"}));
    EXPECT_EQ(told(), "a:0:ok a:1:failed a:2:ok absent:-1:failed b:0:ok ");
    EXPECT_EQ(results_[2].reading.text.text, "a 2");
    EXPECT_EQ(results_[3].error, ErrorCode::kNotFound);
    EXPECT_EQ(results_[1].reading.evidence.error, "a, page 2: bad");
  }
}

TEST_F(PipelineTest, OnlySelectedPagesAreRead) {
  documents_ = {{"a", 9}, {"b", 2}};
  options_.pages = *PageSelection::parse("1,3-4,-1");
  ASSERT_TRUE(run({"a", "b"}));
  EXPECT_EQ(told(), "a:0:ok a:2:ok a:3:ok a:8:ok b:0:ok b:1:ok ");
  results_.clear();
  options_.pages = *PageSelection::parse("5");
  ASSERT_TRUE(run({"b"}));
  EXPECT_EQ(told(), "b:-1:failed ");
}

TEST_F(PipelineTest, WhateverAPageThrowsFailsThatPageAlone) {
  documents_ = {{"a", 4}};
  stages_.read = [](const Page& page, const InkReport&) -> Result<PageReading> {
    if (page.index == 1) throw std::bad_alloc();
    if (page.index == 2) throw std::runtime_error("broken");
    return reading_of(page);
  };
  ASSERT_TRUE(run({"a"}));
  EXPECT_EQ(told(), "a:0:ok a:1:failed a:2:failed a:3:ok ");
  EXPECT_THAT(results_[1].reading.evidence.error, HasSubstr("out of memory"));
  EXPECT_EQ(results_[1].failure, PageFailure::kMemory);
  EXPECT_EQ(results_[2].failure, PageFailure::kInternal);
  EXPECT_THAT(results_[2].reading.evidence.error, HasSubstr("broken"));
}

TEST_F(PipelineTest, AnErrorThatConcernsEveryPageEndsTheRun) {
  documents_ = {{"a", 1000}};
  stages_.read = [](const Page&, const InkReport&) -> Result<PageReading> {
    return Error(ErrorCode::kInvalidModel, "no finite logit");
  };
  const auto result = run({"a"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::kInvalidModel);
  EXPECT_TRUE(results_.empty());
}

TEST_F(PipelineTest, AnOutputThatFailsEndsTheRun) {
  documents_ = {{"a", 100'000}};
  for (const bool behind : {false, true}) {
    stages_.write_behind = behind;
    stages_.on_page = [](const PageResult& result) -> Result<void> {
      if (result.page == 5) return Error(ErrorCode::kIo, "disk full");
      return {};
    };
    const auto result = run({"a"});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message(), "disk full");
  }
}

TEST_F(PipelineTest, AStopKeepsWhatIsDoneAndReachesNothingMore) {
  documents_ = {{"a", 100'000}};
  std::stop_source stop;
  options_.stop = stop.get_token();
  stages_.read = [&](const Page& page, const InkReport&) {
    if (page.index == 9) stop.request_stop();
    return reading_of(page);
  };
  for (const bool behind : {false, true}) {
    stages_.write_behind = behind;
    results_.clear();
    stop = std::stop_source();
    options_.stop = stop.get_token();
    ASSERT_TRUE(run({"a"}));
    EXPECT_EQ(results_.size(), 10U);
  }
}

TEST_F(PipelineTest, PagesAreNotPreparedFarAhead) {
  documents_ = {{"a", 200}};
  std::atomic<std::int64_t> prepared = 0;
  std::int64_t most_ahead = 0;
  stages_.known = [&](const std::string&) {
    ++prepared;
    return std::optional<PageResult>();
  };
  stages_.read = [&](const Page& page, const InkReport&) {
    std::this_thread::yield();
    most_ahead = std::max(most_ahead, prepared - page.index);
    return reading_of(page);
  };
  ASSERT_TRUE(run({"a"}));
  // What is being read, what waits, and what waits to be put into the queue.
  EXPECT_LE(most_ahead, static_cast<std::int64_t>(options_.ahead) + 2);
  EXPECT_GE(most_ahead, 2);
}

// The first pages are read from the last to the first: results are in order all the same.
TEST_F(PipelineTest, SeveralReadersGiveTheResultsOfOne) {
  documents_ = {{"a", 9}, {"b", 7}};
  poison_ = {{"a", {4}}};
  ASSERT_TRUE(run({"a", "missing", "b"}));
  const std::string alone = told();
  for (const std::size_t readers : {2, 3, 8}) {
    options_.readers = readers;
    for (const bool behind : {false, true}) {
      const auto first = static_cast<std::int64_t>(std::min<std::size_t>(readers, 4));
      std::atomic<std::int64_t> turn = first - 1;
      stages_.read = [&](const Page& page, const InkReport&) {
        if (page.source == "a" && page.index < first) {
          while (page.index < turn) std::this_thread::yield();
          --turn;
        }
        return reading_of(page);
      };
      stages_.write_behind = behind;
      results_.clear();
      ASSERT_TRUE(run({"a", "missing", "b"}));
      EXPECT_EQ(told(), alone);
      for (const PageResult& result : results_) {
        if (result.failure != PageFailure::kNone) continue;
        EXPECT_EQ(result.reading.text.text, result.source + " " + std::to_string(result.page));
      }
    }
  }
}

TEST_F(PipelineTest, WhatWaitsForASlowPageIsBounded) {
  documents_ = {{"a", 40}};
  options_.readers = 2;
  std::atomic<int> begun = 0;
  int begun_meanwhile = 0;
  stages_.read = [&](const Page& page, const InkReport&) {
    ++begun;
    if (page.index == 0) {
      while (begun < 4) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // for the others to go too far
      begun_meanwhile = begun;
    }
    return reading_of(page);
  };
  ASSERT_TRUE(run({"a"}));
  EXPECT_EQ(results_.size(), 40U);
  EXPECT_EQ(begun_meanwhile, 4);
}

TEST_F(PipelineTest, PicturesOfPagesBeingReadAreBoundedToo) {
  documents_ = {{"a", 40}};
  options_.readers = 3;
  options_.ahead_bytes = 1;
  std::atomic<int> at_once = 0;
  std::atomic<int> most_at_once = 0;
  stages_.read = [&](const Page& page, const InkReport&) {
    most_at_once = std::max<int>(most_at_once, ++at_once);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // for another one to come
    --at_once;
    return reading_of(page);
  };
  ASSERT_TRUE(run({"a"}));
  EXPECT_EQ(results_.size(), 40U);
  EXPECT_EQ(most_at_once, 1);
}

TEST_F(PipelineTest, AnErrorThatConcernsEveryPageEndsTheRunOfSeveralReaders) {
  documents_ = {{"a", 1000}};
  options_.readers = 3;
  stages_.read = [](const Page& page, const InkReport&) -> Result<PageReading> {
    if (page.index == 5) return Error(ErrorCode::kInvalidModel, "no numbers");
    return reading_of(page);
  };
  const auto done = run({"a"});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), HasSubstr("no numbers"));
  EXPECT_EQ(results_.size(), 5U);
}

TEST_F(PipelineTest, AnOutputThatFailsEndsTheRunOfSeveralReaders) {
  documents_ = {{"a", 100'000}};
  options_.readers = 3;
  for (const bool behind : {false, true}) {
    stages_.write_behind = behind;
    std::atomic<int> begun = 0;
    stages_.read = [&](const Page& page, const InkReport&) {
      ++begun;
      return reading_of(page);
    };
    stages_.on_page = [](const PageResult& result) -> Result<void> {
      if (result.page == 5) return Error(ErrorCode::kIo, "disk full");
      return {};
    };
    const auto result = run({"a"});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message(), "disk full");
    EXPECT_LT(begun, 100);
  }
}

// Every page that was begun has a result, and none is missing between two.
TEST_F(PipelineTest, AStopKeepsWhatSeveralReadersHave) {
  documents_ = {{"a", 100'000}};
  options_.readers = 3;
  for (const bool behind : {false, true}) {
    std::stop_source stop;
    options_.stop = stop.get_token();
    std::atomic<std::size_t> begun = 0;
    stages_.read = [&](const Page& page, const InkReport&) {
      ++begun;
      if (page.index == 9) stop.request_stop();
      return reading_of(page);
    };
    stages_.write_behind = behind;
    results_.clear();
    ASSERT_TRUE(run({"a"}));
    EXPECT_EQ(results_.size(), begun);
    EXPECT_GE(results_.size(), 10U);
    for (std::size_t i = 0; i < results_.size(); ++i) {
      EXPECT_EQ(results_[i].page, static_cast<std::int64_t>(i));
    }
  }
}

TEST_F(PipelineTest, ThePageKeyTellsEverythingApartThatDecidesAText) {
  std::set<std::string> keys;
  for (const char* name : {"a", "b"}) {
    ToySource source(name, 2, {});
    for (const std::int64_t page : {0, 1}) {
      for (const char* how : {"base", "large"}) keys.insert(page_key(source, page, how));
    }
  }
  EXPECT_EQ(keys.size(), 8U);
  EXPECT_EQ(page_key(ToySource("a", 5, {}), 0, "base"), page_key(ToySource("a", 2, {}), 0, "base"));
}

TEST_F(PipelineTest, AnotherRunTakesWhatIsInTheStore) {
  documents_ = {{"a", 5}};
  poison_["a"] = {3};
  auto store = ResultStore::open(folder_ / "store");
  ASSERT_TRUE(store) << store.error().message();
  int asked = 0;
  stages_.read = [&](const Page& page, const InkReport&) {
    ++asked;
    return reading_of(page);
  };
  stages_.known = [&](const std::string& key) { return store->find(key); };
  stages_.on_page = [&](PageResult result) -> Result<void> {
    if (!result.from_store && is_read(result.reading.verdict)) LECTIO_TRY_VOID(store->put(result));
    results_.push_back(std::move(result));
    return {};
  };
  ASSERT_TRUE(run({"a"}));
  const std::string first = told();
  EXPECT_EQ(asked, 4);
  const auto text = results_[4].reading.text.text;
  results_.clear();
  ASSERT_TRUE(run({"a"}));
  EXPECT_EQ(told(), first);
  EXPECT_EQ(asked, 4) << "a failed page is tried again, and fails before it is read";
  EXPECT_EQ(results_[4].reading.text.text, text);
  EXPECT_TRUE(results_[4].from_store);
  EXPECT_FALSE(results_[3].from_store);
}

PageResult stored() {
  PageResult result;
  result.key = sha256_hex("page");
  result.width = 30;
  result.height = 40;
  result.reading.verdict = Verdict::kDegraded;
  result.reading.evidence.attempts.resize(2);
  result.reading.evidence.confidence = 0.1 + 0.2;
  PageText& text = result.reading.text;
  text.text = "caf\xC3\xA9 <td>\n";
  text.ids = {5, 7};
  text.log_probabilities = {-0.1F, std::numeric_limits<float>::quiet_NaN()};
  text.text_ends = {6, 11};
  text.mode = "base";
  text.vision_tokens = 273;
  return result;
}

TEST_F(PipelineTest, AStoredResultReadsBackToTheByte) {
  const std::string json = to_stored_json(stored());
  const auto result = from_stored_json(json);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(to_stored_json(*result), json);
  EXPECT_EQ(result->reading.text.text, stored().reading.text.text);
  EXPECT_EQ(result->reading.text.log_probabilities[0], -0.1F);
}

TEST_F(PipelineTest, AStoredFractionThatIsNoWholeNumberOfOursIsRefused) {
  const std::string json = to_stored_json(stored());
  const std::string tokens = "\"vision_tokens\":273";
  const std::size_t at = json.find(tokens);
  ASSERT_NE(at, std::string::npos);
  for (const char* wild : {"1e300", "-1e300", "1e10"}) {  // one that std::int64_t would hold, too
    std::string damaged = json;
    damaged.replace(at, tokens.size(), "\"vision_tokens\":" + std::string(wild));
    EXPECT_FALSE(from_stored_json(damaged)) << wild;
  }
}

TEST_F(PipelineTest, ADamagedResultIsReadAgain) {
  const std::string good = to_stored_json(stored());
  Random random(5);
  for (std::size_t at = 0; at + 1 < good.size(); ++at) {  // without its last newline it is whole
    EXPECT_FALSE(from_stored_json(good.substr(0, at))) << at;
    std::string bad = good;
    bad[at] = static_cast<char>(random.below(256));
    const auto result = from_stored_json(bad);
    if (result) {
      EXPECT_EQ(result->reading.text.ids.size(), result->reading.text.text_ends.size());
    }
  }
  auto store = ResultStore::open(folder_);
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->put(stored()));
  EXPECT_TRUE(store->find(stored().key));
  EXPECT_FALSE(store->find(sha256_hex("other")));
  std::ofstream(folder_ / stored().key.substr(0, 2) / (stored().key + ".json"))
      << good.substr(0, 40);
  EXPECT_FALSE(store->find(stored().key));
}

TEST_F(PipelineTest, AStoreHasOneOwnerAndNoLeftovers) {
  fs::create_directories(folder_ / "ab");
  std::ofstream(folder_ / "ab" / "x.json.tmp.123") << "half";
  {
    const auto store = ResultStore::open(folder_);
    ASSERT_TRUE(store);
    EXPECT_FALSE(fs::exists(folder_ / "ab" / "x.json.tmp.123"));
    const auto second = ResultStore::open(folder_);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message(), HasSubstr("another process"));
  }
  EXPECT_TRUE(ResultStore::open(folder_));
}

TEST_F(PipelineTest, APictureOfWhichAllWasMadeIsNotAskedFor) {
  documents_ = {{"a", 4}};
  poison_["a"] = {0, 1, 3};
  options_.keep_pictures = true;
  stages_.known = [](const std::string& key) {
    PageResult known;
    known.key = key;
    known.reading.text.text = "known";
    return std::optional(known);
  };
  const std::string made = page_key(ToySource("a", 4, {}), 1, options_.reading_key);
  stages_.made = [&](const std::string& key) {
    return key == made ? std::optional<std::string>("all of it") : std::nullopt;
  };
  ASSERT_TRUE(run({"a"}));
  EXPECT_EQ(told(), "a:0:failed a:1:ok a:2:ok a:3:failed ");
  EXPECT_FALSE(results_[1].picture);
  EXPECT_EQ(results_[1].made, "all of it");
  EXPECT_TRUE(results_[1].from_store);
  EXPECT_TRUE(results_[2].picture);
  EXPECT_FALSE(results_[2].made);
}

TEST_F(PipelineTest, TheReportAccountsForEveryPageAndDocument) {
  documents_ = {{"a", 3}, {"b", 4}, {"c", 1}};
  poison_["a"] = {2};
  const auto all = inputs({"a", "absent", "b", "c"});
  RunReport report(all);
  std::stop_source stop;
  options_.stop = stop.get_token();
  stages_.on_document = [&](std::size_t input, std::int64_t pages) {
    if (input < 3) report.expect(input, pages);
  };
  stages_.on_page = [&](const PageResult& result) -> Result<void> {
    report.add(result);
    if (result.source == "b" && result.page == 1) stop.request_stop();
    return {};
  };
  ASSERT_TRUE(run({"a", "absent", "b", "c"}));
  report.close();
  EXPECT_EQ(report.pages(), 3 + 1 + 4 + 1);
  EXPECT_EQ(report.count(Verdict::kOk), 4);
  EXPECT_EQ(report.count(Verdict::kFailed), 2);
  EXPECT_EQ(report.count(Verdict::kSkipped), 3);
  const std::string text = report.to_json("lectio", 11);
  const auto json = nlohmann::ordered_json::parse(text);
  EXPECT_EQ(text, json.dump(1) + "\n");
  EXPECT_EQ(json["schema"], "lectio.report");
  EXPECT_EQ(json["totals"]["pages"], 9);
  EXPECT_EQ(json["documents"][0]["pages"][2]["verdict"], "failed");
  EXPECT_EQ(json["documents"][0]["pages"][2]["page"], 3);
  EXPECT_EQ(json["documents"][3]["pages"][0]["evidence"]["skipped"], "stopped before its turn");
  EXPECT_THAT(report.summary(), HasSubstr("skipped                3\n"));
}

std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t pages = 0;
  std::int64_t resident = 0;
  file >> pages >> resident;
  return resident * 4096;
}

// The long version is tools/long_tests.sh's: LECTIO_LONG_PAGES pages.
TEST_F(PipelineTest, MemoryStaysFlatAndEveryPageHasAVerdictWithOnePercentPoison) {
  const char* const wish = std::getenv("LECTIO_LONG_PAGES");
  const std::int64_t count = wish != nullptr ? std::stoll(wish) : 1000;
  documents_ = {{"a", count}};
  for (std::int64_t page = 50; page < count; page += 100) poison_["a"].insert(page);
  std::array<std::int64_t, 8> verdicts{};
  std::int64_t early = 0;
  stages_.write_behind = true;
  stages_.on_page = [&](const PageResult& result) -> Result<void> {
    ++verdicts[static_cast<std::size_t>(result.reading.verdict)];
    if (result.page == count / 10) early = resident_bytes();
    return {};
  };
  ASSERT_TRUE(run({"a"}));
  EXPECT_EQ(verdicts[static_cast<std::size_t>(Verdict::kFailed)],
            static_cast<std::int64_t>(poison_["a"].size()));
  EXPECT_EQ(verdicts[static_cast<std::size_t>(Verdict::kOk)],
            count - static_cast<std::int64_t>(poison_["a"].size()));
  EXPECT_LT(resident_bytes() - early, std::int64_t{4} << 20);
}

TEST(BoundedQueue, HoldsNoMoreThanItIsTold) {
  BoundedQueue<int> queue(2, 100);
  ASSERT_TRUE(queue.push(1, 1000)) << "one item may be as heavy as it likes";
  std::atomic<bool> entered = false;
  std::thread pushing([&] {
    queue.push(2, 60);
    entered = true;
    queue.push(3, 60);
    queue.close();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(entered);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), 3);
  EXPECT_EQ(queue.pop(), std::nullopt);
  pushing.join();
  EXPECT_FALSE(queue.push(4));
}

}  // namespace
}  // namespace lectio
