// SPDX-License-Identifier: Apache-2.0
#include "ocr/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/utf8.h"
#include "model/weights/tensor_source.h"
#include "ocr/engine/shared_engine.h"
#include "ocr/prompt/prompt.h"

namespace lectio {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Ids = std::vector<std::int32_t>;
using Json = nlohmann::json;
using Kind = NoRepeatRule::Kind;

// The golden prompt 201, 420, 57, 270, 304, 121, 16 as text; 121 is a byte that is no UTF-8.
constexpr const char* kGoldenPrompt = "<image>\nReadW the to\xBA.";

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(LECTIO_SOURCE_DIR) / "tests/golden" / name;
}

Ids golden_ids(const std::string& name, const std::string& tensor) {
  const auto source = TensorSource::open(golden(name + ".safetensors"));
  EXPECT_TRUE(source) << source.error().message();
  const StoredTensor* const stored = source->find(tensor);
  EXPECT_NE(stored, nullptr) << tensor;
  const auto* const ids = static_cast<const std::int32_t*>(stored->view.data);
  return Ids(ids, ids + stored->view.shape.elements());
}

// Products in F32, as the goldens have them: rounded to BF16 they may choose another token where
// two are nearly as likely.
const kernels::Table& exact_kernels() {
  for (const char* name : {"avx512", "avx2"}) {
    if (const kernels::Table* const table = kernels::by_name(name)) return *table;
  }
  return kernels::reference();
}

class EngineTest : public testing::Test {
 protected:
  Engine open(const std::filesystem::path& folder, DType cache = DType::kF16) {
    auto engine = Engine::open(folder, pool_, exact_kernels(), {.vision = {}, .cache = cache});
    if (!engine) throw std::runtime_error(engine.error().message());
    return *std::move(engine);
  }
  // A copy of tiny-v1 with other settings in its config.json.
  std::filesystem::path tiny_with(const Json& settings) {
    const auto folder = std::filesystem::path(testing::TempDir()) /
                        testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder);
    std::filesystem::copy(golden("tiny-v1"), folder);
    auto config = Json::parse(*read_file(folder / "config.json"));
    config.update(settings);
    config["language_config"].update(settings);
    EXPECT_TRUE(write_file_atomic(folder / "config.json", config.dump()));
    return folder;
  }
  static Page page(const std::string& name) {
    auto opened = open_page(golden("images/" + name + ".png"));
    EXPECT_TRUE(opened) << opened.error().message();
    return *std::move(opened);
  }
  static ReadOptions options(Mode mode, std::int64_t max_tokens = 24) {
    ReadOptions result;
    result.mode = mode;
    result.prompt = kGoldenPrompt;
    result.generate.max_tokens = max_tokens;
    return result;
  }
  static PageText read(Engine& engine, const Page& page, const ReadOptions& options) {
    auto text = engine.read(page, options);
    if (!text) throw std::runtime_error(text.error().message());
    return *std::move(text);
  }

  ThreadPool pool_{2};
};

struct GoldenRun {
  const char* name;
  const char* model;
  const char* image;
  Mode mode;
  std::int64_t vision_tokens;
  std::int64_t content_tokens;
};

class EngineGolden : public EngineTest, public testing::WithParamInterface<GoldenRun> {};

// Pictures to tokens, through everything: the ids of the released code under each of its no-repeat
// rules.
TEST_P(EngineGolden, WritesTheTokensOfTheReferenceUnderEveryRule) {
  const GoldenRun& run = GetParam();
  Engine engine = open(golden(run.model));
  const Page input = page(run.image);
  const std::vector<std::pair<std::string, NoRepeatRule>> rules = {
      {"none", {}},
      {"hf3", {Kind::kWholeSequence, 3, 0, {}}},
      {"win", {Kind::kWindow, 3, 12, {}}},
      {"win_wl", {Kind::kWindow, 3, 12, golden_ids(run.name, "greedy.win_wl.whitelist")}},
  };
  for (const auto& [name, rule] : rules) {
    ReadOptions how = options(run.mode);
    how.generate.no_repeat = rule;
    const PageText text = read(engine, input, how);
    EXPECT_THAT(text.ids, ElementsAreArray(golden_ids(run.name, "greedy." + name + ".ids")))
        << name;
    EXPECT_EQ(text.finish, FinishReason::kMaxTokens);
    EXPECT_EQ(text.vision_tokens, run.vision_tokens);
    EXPECT_EQ(text.content_tokens, run.content_tokens);
    EXPECT_EQ(text.prompt_tokens, run.vision_tokens + 8);
    EXPECT_EQ(text.mode, mode_name(run.mode));
  }
}

// small640 writes the image token itself, which is then a token like any other.
INSTANTIATE_TEST_SUITE_P(
    Cases, EngineGolden,
    testing::Values(GoldenRun{"v1_tiny512", "tiny-v1", "A", Mode::kTiny, 73, 64},
                    GoldenRun{"v1_small640", "tiny-v1", "B", Mode::kSmall, 111, 100},
                    GoldenRun{"v1_base1024", "tiny-v1", "C", Mode::kBase, 273, 256},
                    GoldenRun{"v2_stretch768", "tiny-v2", "B", Mode::kSmall, 145, 144}),
    [](const auto& run) { return std::string(run.param.name); });

TEST_F(EngineTest, StreamsTheTextAsValidUtf8Pieces) {
  Engine engine = open(golden("tiny-v1"));
  ReadOptions how = options(Mode::kTiny);
  std::string streamed;
  how.on_text = [&](std::string_view piece) {
    EXPECT_FALSE(piece.empty());
    for (std::size_t at = 0; at < piece.size();) {
      const DecodedChar next = decode_utf8(piece, at);
      EXPECT_TRUE(next.valid) << streamed.size() + at;
      at += next.size;
    }
    streamed += piece;
  };
  const PageText text = read(engine, page("A"), how);
  EXPECT_EQ(streamed, text.text);
  EXPECT_FALSE(text.text.empty());
}

// The tiny network has no real loops: a few tokens that come again must do.
TEST_F(EngineTest, StopsInALoopAndGoesBackToItsFirstUnit) {
  Engine engine = open(golden("tiny-v1"));
  ReadOptions how = options(Mode::kTiny, 4000);
  how.loops.watch = true;
  how.loops.repeated_tokens = 2;
  std::string streamed;
  how.on_text = [&](std::string_view piece) { streamed += piece; };
  const PageText text = read(engine, page("A"), how);
  ASSERT_EQ(text.finish, FinishReason::kLoop);
  ASSERT_TRUE(text.loop);
  EXPECT_EQ(text.loop->kind, LoopKind::kTokens);
  EXPECT_EQ(static_cast<std::int64_t>(text.ids.size()), text.loop->keep);
  EXPECT_EQ(text.generated_tokens, text.loop->begin + text.loop->length);
  EXPECT_EQ(text.generated_tokens, text.loop->keep + 2);
  EXPECT_EQ(streamed, text.text);

  // The same tokens as without the watch, up to where the text was taken back to.
  how.loops.watch = false;
  how.on_text = nullptr;
  how.generate.max_tokens = text.loop->keep;
  EXPECT_EQ(read(engine, page("A"), how).ids, text.ids);
}

TEST_F(EngineTest, DoesNotBeginWithABarredToken) {
  Engine engine = open(golden("tiny-v1"));
  ReadOptions how = options(Mode::kTiny);
  const PageText free = read(engine, page("A"), how);
  how.generate.not_first = {free.ids[0]};
  EXPECT_NE(read(engine, page("A"), how).ids[0], free.ids[0]);
  how.prefix.assign(free.ids.begin(), free.ids.begin() + 3);
  how.generate.not_first = {free.ids[3]};
  EXPECT_NE(read(engine, page("A"), how).ids[3], free.ids[3]) << "behind the prefix";
  how.generate.not_first = {free.ids[0]};
  EXPECT_EQ(read(engine, page("A"), how).ids, free.ids) << "only there";
  how.generate.not_first = {100'000};
  EXPECT_EQ(engine.read(page("A"), how).error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(EngineTest, GoesOnFromAPrefixAsIfItHadWrittenItItself) {
  Engine engine = open(golden("tiny-v1"));
  ReadOptions how = options(Mode::kTiny);
  const PageText whole = read(engine, page("A"), how);
  for (const std::size_t length : {std::size_t{1}, std::size_t{7}, whole.ids.size() - 1}) {
    how.prefix.assign(whole.ids.begin(), whole.ids.begin() + static_cast<std::ptrdiff_t>(length));
    std::string streamed;
    how.on_text = [&](std::string_view piece) { streamed += piece; };
    const PageText rest = read(engine, page("A"), how);
    EXPECT_EQ(rest.ids, whole.ids) << length;
    EXPECT_EQ(rest.text, whole.text) << length;
    EXPECT_TRUE(whole.text.ends_with(streamed)) << length;
    EXPECT_LT(streamed.size(), whole.text.size());
    EXPECT_EQ(rest.generated_tokens, static_cast<std::int64_t>(whole.ids.size() - length));
  }
  how.prefix = {100'000};
  EXPECT_EQ(engine.read(page("A"), how).error().code(), ErrorCode::kInvalidArgument);
}

// log softmax of the first token, by way of the network alone.
std::vector<double> first_log_probabilities(const Engine& engine, ThreadPool& pool,
                                            const std::vector<Page>& pages,
                                            const std::string& prompt_text, Mode mode) {
  const Network& network = engine.network();
  const NetworkSpec& spec = network.spec();
  const kernels::Table& ops = exact_kernels();
  Arena scratch;
  kernels::Context context{pool, scratch};
  std::vector<TokenLayout> layouts;
  std::vector<float> rows;
  for (const Page& page : pages) {
    const auto plan = plan_views(spec.family, page.image.width, page.image.height, mode);
    const auto views = cut(page.image, *plan);
    layouts.push_back(plan->layout);
    const Tensor part =
        network.encode(ops, context, views->global.view(), views->tiles.view(), views->layout);
    rows.insert(rows.end(), part.floats().begin(), part.floats().end());
  }
  Tensor vision({static_cast<std::int64_t>(rows.size()) / spec.decoder.width, spec.decoder.width});
  std::copy(rows.begin(), rows.end(), vision.f32());
  const auto prompt = build_prompt(prompt_text, engine.tokenizer(), layouts, spec.bos_id);
  const Tensor embedded = network.embed(ops, context, prompt->ids, prompt->image_id, vision.view());
  KvCache cache = network.make_cache(static_cast<std::int64_t>(prompt->ids.size()), DType::kF16);
  Tensor logits({1, spec.decoder.vocabulary});
  network.decode(ops, context, embedded.view(), cache, logits.view());
  long double sum = 0;
  for (const float logit : logits.floats()) sum += std::exp(static_cast<long double>(logit));
  std::vector<double> result;
  for (const float logit : logits.floats()) {
    result.push_back(static_cast<double>(static_cast<long double>(logit) - std::log(sum)));
  }
  return result;
}

TEST_F(EngineTest, SaysHowProbableEveryTokenWasAndWhereItEnds) {
  Engine engine = open(golden("tiny-v1"));
  const PageText text = read(engine, page("A"), options(Mode::kTiny));
  ASSERT_THAT(text.log_probabilities, SizeIs(text.ids.size()));
  ASSERT_THAT(text.text_ends, SizeIs(text.ids.size()));
  EXPECT_TRUE(std::is_sorted(text.text_ends.begin(), text.text_ends.end()));
  EXPECT_EQ(text.text_ends.back(), static_cast<std::int64_t>(text.text.size()));
  for (const float p : text.log_probabilities) EXPECT_LE(p, 1e-6F);

  const auto first =
      first_log_probabilities(engine, pool_, {page("A")}, kGoldenPrompt, Mode::kTiny);
  const auto id = static_cast<std::size_t>(text.ids[0]);
  EXPECT_NEAR(static_cast<double>(text.log_probabilities[0]), first[id], 1e-5);  // rounded to float
  EXPECT_EQ(*std::max_element(first.begin(), first.end()), first[id]);
}

// What a rule forbids would have been likelier: the text must not look surer than it is.
TEST_F(EngineTest, ARuleDoesNotMakeATokenMoreProbable) {
  Engine engine = open(golden("tiny-v1"));
  ReadOptions how = options(Mode::kTiny);
  how.generate.no_repeat = {Kind::kWholeSequence, 1, 0, {}};  // no token of the prompt, none twice
  const PageText text = read(engine, page("A"), how);
  const auto first =
      first_log_probabilities(engine, pool_, {page("A")}, kGoldenPrompt, Mode::kTiny);
  EXPECT_NEAR(static_cast<double>(text.log_probabilities[0]),
              first[static_cast<std::size_t>(text.ids[0])], 1e-5);
}

// A rule that forbids all that was said counts for nothing where every token is sure enough.
TEST_F(EngineTest, ARuleLetsBeWhatTheModelIsSureOf) {
  Engine engine = open(golden("tiny-v1"));
  ReadOptions how = options(Mode::kTiny);
  const Ids free = read(engine, page("A"), how).ids;
  how.generate.no_repeat = {Kind::kWholeSequence, 1, 0, {}};
  ASSERT_NE(read(engine, page("A"), how).ids, free);
  how.generate.no_repeat.sure = 1e-9;
  EXPECT_EQ(read(engine, page("A"), how).ids, free);
}

TEST_F(EngineTest, KnowsNoProbabilityOfAPrefixUnlessItIsTold) {
  Engine engine = open(golden("tiny-v1"));
  ReadOptions how = options(Mode::kTiny);
  const PageText whole = read(engine, page("A"), how);
  how.prefix.assign(whole.ids.begin(), whole.ids.begin() + 3);
  how.prefix_log_probabilities = {-0.5F, -0.25F};
  const PageText rest = read(engine, page("A"), how);
  EXPECT_EQ(rest.log_probabilities[0], -0.5F);
  EXPECT_EQ(rest.log_probabilities[1], -0.25F);
  EXPECT_TRUE(std::isnan(rest.log_probabilities[2]));
  // Rows go through other kernels in one product than one by one.
  EXPECT_NEAR(rest.log_probabilities[3], whole.log_probabilities[3], 1e-3F);
  EXPECT_EQ(rest.text_ends, whole.text_ends);
}

TEST_F(EngineTest, PutsEveryPageInThePlaceOfItsImage) {
  Engine engine = open(golden("tiny-v1"));
  ReadOptions how = options(Mode::kTiny);
  how.prompt = "<image>\n<image>\nReadW the to.";
  const std::vector<Page> pages = {page("A"), page("B")};
  const auto text = engine.read(pages, how);
  ASSERT_TRUE(text) << text.error().message();
  EXPECT_EQ(text->vision_tokens, 2 * 73);
  EXPECT_EQ(text->content_tokens, 2 * 64);
  EXPECT_EQ(text->valid_tokens, 2 * 64);
  EXPECT_EQ(text->mode, "tiny");
  const auto first = first_log_probabilities(engine, pool_, pages, how.prompt, Mode::kTiny);
  const auto best = std::max_element(first.begin(), first.end());
  EXPECT_EQ(text->ids[0], best - first.begin());
  EXPECT_NEAR(static_cast<double>(text->log_probabilities[0]), *best, 1e-5);

  how.mode = std::nullopt;
  EXPECT_EQ(engine.read(pages, how)->mode, "tiny+small");
  EXPECT_EQ(engine.read(page("A"), how).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(engine.read(std::span<const Page>(), how).error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(EngineTest, SaysStopOnlyWhenTheNetworkEndsTheText) {
  Engine engine = open(tiny_with({{"eos_token_id", 259}}));  // the fifth token of the golden run
  const PageText text = read(engine, page("A"), options(Mode::kTiny));
  EXPECT_EQ(text.finish, FinishReason::kStop);
  EXPECT_THAT(text.ids, ElementsAreArray({232, 267, 499, 495}));
}

TEST_F(EngineTest, StopsAtTheLastPositionOfTheNetwork) {
  Engine engine = open(tiny_with({{"max_position_embeddings", 91}}));
  const PageText text = read(engine, page("A"), options(Mode::kTiny));
  EXPECT_EQ(text.finish, FinishReason::kMaxContext);
  EXPECT_THAT(text.ids, SizeIs(91 - 81));
}

TEST_F(EngineTest, RefusesAPromptThatLeavesNoPositionFree) {
  Engine engine = open(tiny_with({{"max_position_embeddings", 81}}));
  const auto text = engine.read(page("A"), options(Mode::kTiny));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), ErrorCode::kTooLarge);
  EXPECT_THAT(text.error().message(), HasSubstr("81 tokens: the network has 81 positions"));
}

TEST_F(EngineTest, WritesNothingWhenNoTokenIsAllowed) {
  Engine engine = open(golden("tiny-v1"));
  const PageText text = read(engine, page("A"), options(Mode::kTiny, 0));
  EXPECT_EQ(text.finish, FinishReason::kMaxTokens);
  EXPECT_THAT(text.ids, IsEmpty());
  EXPECT_EQ(text.text, "");
}

TEST_F(EngineTest, GivesTheTextSoFarWhenItIsStopped) {
  Engine engine = open(golden("tiny-v1"));
  std::stop_source stop;
  ReadOptions how = options(Mode::kTiny);
  how.stop = stop.get_token();
  std::string streamed;
  how.on_text = [&](std::string_view piece) {
    streamed += piece;
    stop.request_stop();
  };
  const PageText text = read(engine, page("A"), how);
  EXPECT_EQ(text.finish, FinishReason::kCancelled);
  EXPECT_FALSE(text.ids.empty());
  EXPECT_LT(text.ids.size(), 24U);
  EXPECT_EQ(text.text, streamed);

  const PageText nothing = read(engine, page("A"), how);  // stopped before it began
  EXPECT_EQ(nothing.finish, FinishReason::kCancelled);
  EXPECT_THAT(nothing.ids, IsEmpty());
}

TEST_F(EngineTest, ReadsAPageTheSameAfterOthers) {
  Engine engine = open(golden("tiny-v1"));
  const Ids first = read(engine, page("A"), options(Mode::kTiny)).ids;
  static_cast<void>(read(engine, page("B"), options(Mode::kSmall, 5)));
  EXPECT_EQ(read(engine, page("A"), options(Mode::kTiny)).ids, first);
}

// 1200 tokens pass the first size of the cache.
TEST_F(EngineTest, GoesOnUnchangedWhenTheCacheGrows) {
  Engine engine = open(golden("tiny-v1"));
  ReadOptions how = options(Mode::kTiny, 1200);
  how.generate.temperature = 1;
  const PageText grown = read(engine, page("A"), how);
  ASSERT_THAT(grown.ids, SizeIs(1200));
  EXPECT_EQ(read(engine, page("A"), how).ids, grown.ids);  // in the cache that is large already
}

TEST_F(EngineTest, DrawsTheSameTextFromTheSameSeedAlone) {
  Engine engine = open(golden("tiny-v1"));
  ReadOptions how = options(Mode::kTiny);
  how.generate.temperature = 2;
  how.generate.seed = 5;
  const Ids first = read(engine, page("A"), how).ids;
  EXPECT_EQ(read(engine, page("A"), how).ids, first);
  how.generate.seed = 6;
  EXPECT_NE(read(engine, page("A"), how).ids, first);
}

TEST_F(EngineTest, RefusesOptionsThatMakeNoSense) {
  Engine engine = open(golden("tiny-v1"));
  const auto refused = [&](const ReadOptions& how) {
    const auto text = engine.read(page("A"), how);
    return !text && text.error().code() == ErrorCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused(options(Mode::kTiny, -1)));
  ReadOptions how = options(Mode::kTiny);
  how.generate.temperature = -0.5;
  EXPECT_TRUE(refused(how));
  how.generate.temperature = std::nan("");
  EXPECT_TRUE(refused(how));
  how = options(Mode::kTiny);
  how.generate.no_repeat = {Kind::kWindow, 0, 5, {}};
  EXPECT_TRUE(refused(how));
  how.generate.no_repeat = {Kind::kWindow, 5, 5, {}, std::nan("")};
  EXPECT_TRUE(refused(how));
  how = options(Mode::kTiny);
  how.prompt = "Free OCR.";
  EXPECT_TRUE(refused(how));
  how = options(Mode::kTiny);
  how.views.max_tiles = 1;
  how.mode = Mode::kGundam;
  EXPECT_TRUE(refused(how));
}

TEST_F(EngineTest, RefusesATokenizerThatDoesNotFitTheNetwork) {
  const auto folder = tiny_with(Json::object());
  const std::string text = *read_file(folder / "tokenizer.json");
  const auto open_with = [&](const Json& tokenizer) {
    EXPECT_TRUE(write_file_atomic(folder / "tokenizer.json", tokenizer.dump()));
    const auto engine = Engine::open(folder, pool_, exact_kernels());
    EXPECT_FALSE(engine);
    if (engine) return std::string();
    EXPECT_EQ(engine.error().code(), ErrorCode::kInvalidModel);
    return engine.error().message();
  };

  Json wide = Json::parse(text);
  wide["added_tokens"].back()["id"] = 512;
  EXPECT_THAT(open_with(wide), HasSubstr("ids up to 512, but config.json: vocab_size 512"));
  Json blind = Json::parse(text);
  for (auto& token : blind["added_tokens"]) {
    if (token["content"] == "<image>") token["content"] = "<img>";
  }
  EXPECT_THAT(open_with(blind), HasSubstr("expected a token '<image>'"));
}

NetworkSpec spec_of(Family family) {
  NetworkSpec spec;
  spec.family = family;
  return spec;
}

TEST(AutoMode, GivesNoTilesToAModelThatNeverSawThem) {
  NetworkSpec spec = spec_of(Family::kV1);
  spec.reads_tiles = false;
  EXPECT_EQ(auto_mode(spec, 1240, 1754), Mode::kBase);
  EXPECT_EQ(auto_mode(spec, 512, 512), Mode::kTiny);
}

TEST(AutoMode, KeepsTheResolutionOfThePageWithTheFewestTokens) {
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 512, 512), Mode::kTiny);
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 1, 1), Mode::kTiny);
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 512, 512, 1280), Mode::kTiny);
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 512, 512, 1281), Mode::kSmall);
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 512, 512, 2001), Mode::kBase);
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 1240, 1754, 9000), Mode::kGundam);
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 513, 500), Mode::kSmall);
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 640, 400), Mode::kSmall);
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 857, 1109), Mode::kBase);
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 1280, 900), Mode::kBase);
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 1240, 1754), Mode::kGundam);
}

TEST(AutoMode, DoesNotSqueezeALineIntoASquare) {
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 512, 255), Mode::kBase);
  EXPECT_EQ(auto_mode(spec_of(Family::kV1), 60, 600), Mode::kBase);
}

TEST(AutoMode, LeavesTheChoiceOfTilesToTheSecondFamily) {
  EXPECT_EQ(auto_mode(spec_of(Family::kV2), 100, 100), Mode::kGundam);
  EXPECT_EQ(auto_mode(spec_of(Family::kV2), 3000, 2000), Mode::kGundam);
}

// Pages of different modes and lengths, some with a prefix, one that cannot be read: each as alone,
// for any number of places.
class CacheTest : public EngineTest, public testing::WithParamInterface<DType> {};
INSTANTIATE_TEST_SUITE_P(Caches, CacheTest, testing::Values(DType::kF16, DType::kI8),
                         [](const auto& cache) { return std::string(dtype_name(cache.param)); });

TEST_P(CacheTest, ReadsManyPagesTogetherAsOneByOne) {
  Engine engine = open(golden("tiny-v1"), GetParam());
  const Page pages[] = {page("A"), page("B")};
  const auto job = [&](int i) {
    ReadJob result{&pages[i % 2], options(i % 3 == 0 ? Mode::kTiny : Mode::kSmall)};
    result.options.generate.max_tokens = i == 4 ? 0 : 3 + 5 * (i % 4);
    if (i == 2) result.options.prefix = {7, 9};
    if (i == 3) result.options.generate.temperature = -1;
    return result;
  };
  constexpr int kJobs = 7;
  for (const std::int64_t together : {1, 2, 3, 8}) {
    std::vector<int> seen(kJobs, 0);
    int given = 0;
    const auto next = [&]() -> std::optional<ReadJob> {
      if (given == kJobs) return std::nullopt;
      return job(given++);
    };
    engine.read_many(together, next, [&](std::int64_t index, Result<PageText> got) {
      ++seen[static_cast<std::size_t>(index)];
      const ReadJob alone = job(static_cast<int>(index));
      const auto expected = engine.read(*alone.page, alone.options);
      ASSERT_EQ(static_cast<bool>(got), static_cast<bool>(expected)) << index;
      if (!got) return;
      EXPECT_EQ(got->ids, expected->ids) << index << " of " << together << " together";
      EXPECT_EQ(got->text, expected->text);
      EXPECT_EQ(got->finish, expected->finish);
      EXPECT_EQ(got->log_probabilities.size(), expected->log_probabilities.size());
      for (std::size_t i = 0; i < got->log_probabilities.size(); ++i) {
        if (std::isnan(expected->log_probabilities[i])) continue;
        EXPECT_EQ(got->log_probabilities[i], expected->log_probabilities[i]);
      }
    });
    EXPECT_THAT(seen, testing::Each(1));
  }
}

TEST_F(EngineTest, KeepsKeysAndValuesInTheFormatThatWasAskedFor) {
  std::vector<std::vector<float>> seen;
  for (const DType cache : {DType::kF32, DType::kF16, DType::kI8}) {
    Engine engine = open(golden("tiny-v1"), cache);
    seen.push_back(read(engine, page("A"), options(Mode::kTiny)).log_probabilities);
  }
  EXPECT_NE(seen[0], seen[1]);
  EXPECT_NE(seen[1], seen[2]);
}

TEST_F(EngineTest, StopsEveryPageOfManyWhenAsked) {
  Engine engine = open(golden("tiny-v1"));
  std::stop_source stop;
  const Page only = page("A");
  int given = 0;
  int cancelled = 0;
  const auto next = [&]() -> std::optional<ReadJob> {
    if (given == 3) return std::nullopt;
    ++given;
    ReadJob job{&only, options(Mode::kTiny, 200)};
    job.options.stop = stop.get_token();
    job.options.on_text = [&](std::string_view) { stop.request_stop(); };
    return job;
  };
  engine.read_many(2, next, [&](std::int64_t, Result<PageText> got) {
    ASSERT_TRUE(got);
    cancelled += got->finish == FinishReason::kCancelled ? 1 : 0;
  });
  EXPECT_EQ(cancelled, 3);
}

// Each thread asks again and again, as attempts at a page do, for texts of all lengths.
TEST_F(EngineTest, AnswersManyThreadsAsOneByOne) {
  Engine engine = open(golden("tiny-v1"));
  const Page pages[] = {page("A"), page("B")};
  const auto options_of = [&](int i) {
    ReadOptions result = options(i % 2 == 0 ? Mode::kTiny : Mode::kSmall);
    result.generate.max_tokens = 3 + 4 * (i % 5);
    if (i % 5 == 3) result.generate.temperature = -1;  // an error
    if (i % 5 == 4) result.generate.temperature = 1;
    return result;
  };
  constexpr int kThreads = 5;
  constexpr int kJobs = 3 * kThreads;
  std::vector<Result<PageText>> expected;
  for (int i = 0; i < kJobs; ++i) expected.push_back(engine.read(pages[i % 2], options_of(i)));
  for (const std::int64_t together : {1, 2, 3, 8}) {
    std::vector<std::optional<Result<PageText>>> got(kJobs);
    SharedEngine shared(engine, together);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = thread; i < kJobs; i += kThreads) {
          got[static_cast<std::size_t>(i)] = shared.read(pages[i % 2], options_of(i));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_TRUE(got[i]);
      ASSERT_EQ(static_cast<bool>(*got[i]), static_cast<bool>(expected[i])) << i;
      if (!expected[i]) continue;
      EXPECT_EQ((*got[i])->ids, expected[i]->ids) << i << " of " << together << " together";
      EXPECT_EQ((*got[i])->text, expected[i]->text) << i;
    }
  }
}

// A page is taken in while another is in the middle of its text.
TEST_F(EngineTest, APageJoinsOneThatIsBeingRead) {
  Engine engine = open(golden("tiny-v1"));
  const Page pages[] = {page("A"), page("B")};
  const ReadOptions how = options(Mode::kTiny, 12);
  const Result<PageText> expected[] = {engine.read(pages[0], how), engine.read(pages[1], how)};
  int asked = 0;
  std::vector<std::int64_t> ended;
  const auto next = [&]() -> std::optional<ReadJob> {
    ++asked;
    if (asked == 1) return ReadJob{&pages[0], how};
    if (asked == 6) return ReadJob{&pages[1], how};
    return std::nullopt;
  };
  engine.read_many(2, next, [&](std::int64_t index, Result<PageText> got) {
    ASSERT_TRUE(got);
    EXPECT_EQ(got->ids, expected[index]->ids);
    if (index == 0) {
      EXPECT_EQ(asked, 6) << "the second waited for the end of the first";
    }
    ended.push_back(index);
  });
  EXPECT_EQ(ended, (std::vector<std::int64_t>{0, 1}));
}

// A page without pixels throws; the page beside it is read as ever.
TEST_F(EngineTest, WhatOnePageThrowsReachesNoOtherThread) {
  Engine engine = open(golden("tiny-v1"));
  const Page good = page("A");
  const ReadOptions how = options(Mode::kTiny, 40);
  const auto expected = engine.read(good, how);
  ASSERT_TRUE(expected);
  const Page bad;
  SharedEngine shared(engine, 2);
  std::thread beside([&] {
    for (int i = 0; i < 3; ++i) {
      EXPECT_THROW(static_cast<void>(shared.read(bad, how)), InvariantError);
    }
  });
  for (int i = 0; i < 3; ++i) {
    const auto got = shared.read(good, how);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->ids, expected->ids);
  }
  beside.join();
}

}  // namespace
}  // namespace lectio
