// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "model/tokenizer/byte_alphabet.h"

namespace lectio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;
using Ids = std::vector<TokenId>;

// 256 bytes as ids 0..255, " h"=256, "he"=257, "ll"=258, "hell"=259, "hello"=260, " hello"=261;
// added tokens from 300.
Json small_tokenizer() {
  Json json;
  Json& vocabulary = json["model"]["vocab"];
  for (int byte = 0; byte < 256; ++byte)
    vocabulary[spell_bytes(std::string(1, static_cast<char>(byte)))] = byte;
  int id = 256;
  for (const char* token : {" h", "he", "ll", "hell", "hello", " hello"})
    vocabulary[spell_bytes(token)] = id++;
  json["model"]["type"] = "BPE";
  json["model"]["merges"] = {"h e", "l l", "he ll", "hell o", "\u0120 hello"};
  json["pre_tokenizer"] = Json::parse(R"({"type":"Sequence","pretokenizers":[
      {"type":"Split","pattern":{"Regex":" ?\\p{L}+|\\s+"},"behavior":"Isolated","invert":false},
      {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]})");
  json["decoder"]["type"] = "ByteLevel";
  json["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array()}};
  json["added_tokens"] = Json::array();
  int added = 300;
  for (const char* token : {"<image>", "<|ref|>", "<|ref|>!", "<td>"}) {
    json["added_tokens"].push_back(
        {{"id", added++}, {"content", token}, {"special", true}, {"lstrip", false}});
  }
  return json;
}

Result<Tokenizer> load(const Json& json) {
  return Tokenizer::from_json(json.dump(), "tokenizer.json");
}

Tokenizer small() {
  auto tokenizer = load(small_tokenizer());
  EXPECT_TRUE(tokenizer) << tokenizer.error().message();
  return *std::move(tokenizer);
}

std::string error_of(const Json& json) {
  const auto tokenizer = load(json);
  if (tokenizer) return "";
  EXPECT_EQ(tokenizer.error().code(), ErrorCode::kInvalidModel);
  EXPECT_THAT(tokenizer.error().message(), HasSubstr("tokenizer.json: "));
  return tokenizer.error().message();
}

TEST(Tokenizer, MergesWithinPieces) {
  const Tokenizer tokenizer = small();
  EXPECT_THAT(tokenizer.encode("hello"), ElementsAre(260));
  EXPECT_THAT(tokenizer.encode("hello hello"), ElementsAre(260, 261));
  EXPECT_THAT(tokenizer.encode("hell"), ElementsAre(259));
  EXPECT_THAT(tokenizer.encode("held"), ElementsAre(257, 'l', 'd'));
  EXPECT_THAT(tokenizer.encode("he\nllo"), ElementsAre(257, '\n', 258, 'o'));
  EXPECT_TRUE(tokenizer.encode("").empty());
  EXPECT_EQ(tokenizer.size(), 304);
}

TEST(Tokenizer, CutsOutAddedTokensLeftmostAndLongest) {
  const Tokenizer tokenizer = small();
  EXPECT_THAT(tokenizer.encode("<image>"), ElementsAre(300));
  EXPECT_THAT(tokenizer.encode("hello<image>\n<|ref|>! <td><td"),
              ElementsAre(260, 300, '\n', 302, ' ', 303, '<', 't', 'd'));
  EXPECT_THAT(tokenizer.encode("<|ref|>?<|re<image>"),
              ElementsAre(301, '?', '<', '|', 'r', 'e', 300));
}

TEST(Tokenizer, DecodesAddedTokensLiterallyAndUnknownIdsToNothing) {
  const Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.decode(Ids{260, 300, 261, 999, -1, 280, 33}), "hello<image> hello!");
  EXPECT_EQ(tokenizer.token_bytes(261), " hello");
  EXPECT_EQ(tokenizer.token_bytes(280), "");
  EXPECT_EQ(tokenizer.token_bytes(-5), "");
  EXPECT_EQ(tokenizer.id_of("<image>"), 300);
  EXPECT_EQ(tokenizer.id_of(" hello"), 261);
  EXPECT_EQ(tokenizer.id_of("nothing"), std::nullopt);
}

TEST(Tokenizer, GivesBackEveryTextByteForByte) {
  const Tokenizer tokenizer = small();
  std::string all_bytes;
  for (int i = 0; i < 1024; ++i) all_bytes += static_cast<char>(i * 37 % 256);
  for (const std::string& text : {std::string("hello \u4F60\u597D\r\n\U0001F600"), all_bytes,
                                  std::string("\0a\0", 3), std::string("\xF0\x9F\x98")}) {
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
}

TEST(Tokenizer, EncodesInvalidUtf8ByteByByte) {
  const Tokenizer tokenizer = small();
  EXPECT_THAT(tokenizer.encode("he\xFFhe"), ElementsAre(257, 0xFF, 257));
  EXPECT_THAT(tokenizer.encode("\xE4\xBD"
                               "he"),
              ElementsAre(0xE4, 0xBD, 257));
  EXPECT_THAT(tokenizer.encode("\xC0\x80\xED\xA0\x80"), ElementsAre(0xC0, 0x80, 0xED, 0xA0, 0x80));
  EXPECT_THAT(tokenizer.encode("he\xE4<image>"), ElementsAre(257, 0xE4, 300));
}

TEST(Tokenizer, AcceptsMergesAsPairs) {
  Json json = small_tokenizer();
  json["model"]["merges"] = Json::array();
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"h", "e"}, {"l", "l"}, {"he", "ll"}};
  for (const auto& [left, right] : pairs)
    json["model"]["merges"].push_back(Json::array({left, right}));
  const auto tokenizer = load(json);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  EXPECT_THAT(tokenizer->encode("hell"), ElementsAre(259));
}

TEST(Tokenizer, AppliesTheExpressionOfGpt2WhereByteLevelAsksForIt) {
  Json json = small_tokenizer();
  json["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
  json["model"]["merges"].push_back("o 1");
  json["model"]["vocab"]["o1"] = 262;
  const auto tokenizer = load(json);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  EXPECT_THAT(tokenizer->encode("hello1 hello"), ElementsAre(260, '1', 261));
}

TEST(Tokenizer, SplitsAtALiteralPattern) {
  Json json = small_tokenizer();
  json["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {{"String", "l"}};
  const auto tokenizer = load(json);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  EXPECT_THAT(tokenizer->encode("hello"), ElementsAre(257, 'l', 'l', 'o'));
  json["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {{"String", "[.*\\"}};
  EXPECT_TRUE(load(json));
}

TEST(Tokenizer, TakesWholePiecesWhereTheFileSaysSo) {
  Json json = small_tokenizer();
  json["model"]["merges"] = Json::array();
  EXPECT_EQ(load(json)->encode("hello").size(), 5U);
  json["model"]["ignore_merges"] = true;
  EXPECT_THAT(load(json)->encode("hello"), ElementsAre(260));
}

TEST(Tokenizer, AcceptsSpecialTokensInsideTheVocabulary) {
  Json json = small_tokenizer();
  const std::string begin = "<\uFF5Cbegin\u2581of\u2581sentence\uFF5C>";
  json["model"]["vocab"][begin] = 262;
  json["added_tokens"].push_back({{"id", 262}, {"content", begin}});
  const auto tokenizer = load(json);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  EXPECT_THAT(tokenizer->encode("hello" + begin), ElementsAre(260, 262));
  EXPECT_EQ(tokenizer->token_bytes(262), begin);
}

TEST(Tokenizer, RefusesWhatIsNotByteLevelBpe) {
  const std::vector<std::pair<std::string, std::pair<std::string, std::string>>> changes = {
      {"/model/type", {R"("Unigram")", "model.type: expected \"BPE\", found \"Unigram\""}},
      {"/model/dropout", {"0.1", "model.dropout"}},
      {"/model/end_of_word_suffix", {R"("</w>")", "model.end_of_word_suffix"}},
      {"/model/byte_fallback", {"true", "model.byte_fallback"}},
      {"/model/vocab", {"[]", "model.vocab"}},
      {"/model/vocab", {"{}", "model.vocab: expected entries"}},
      {"/model/vocab/!", {"-1", "expected an id in 0..4194303, found -1"}},
      {"/model/vocab/!", {"99999999999", "found 99999999999"}},
      {"/model/vocab/!", {"1.5", "found 1.5"}},
      {"/model/vocab/!", {"{}", "found an object"}},
      {"/model/vocab/!", {"34", "id 34 a second time"}},
      {"/model/vocab/!", {"4000000", "ids: expected at most"}},
      {"/model/merges", {R"({"a":1})", "model.merges"}},
      {"/model/merges/0",
       {R"("he")", "expected two tokens with a blank between them, found \"he\""}},
      {"/model/merges/0", {R"("h e l")", "found \"h e l\""}},
      {"/model/merges/0", {R"(["h"])", "expected pairs of strings, found a list of 1"}},
      {"/model/merges/0", {R"([["h"]])", "expected pairs of strings, found a list"}},
      {"/model/merges/0", {"3", "expected pairs of strings, found 3"}},
      {"/model/merges/0", {R"("x y")", "model.merges 0: 'x' + 'y': expected tokens"}},
      {"/model/merges/1", {R"("h e")", "a pair stands there twice"}},
      {"/normalizer", {R"({"type":"NFC"})", "normalizer: expected none"}},
      {"/decoder", {"null", "decoder: expected ByteLevel"}},
      {"/pre_tokenizer", {"null", "expected ByteLevel at its end"}},
      {"/pre_tokenizer/pretokenizers/0/behavior",
       {R"("Removed")", "expected \"Isolated\", found \"Removed\""}},
      {"/pre_tokenizer/pretokenizers/0/invert", {"true", "invert: expected none, found true"}},
      {"/pre_tokenizer/pretokenizers/0/type", {R"("Digits")", "expected Split or ByteLevel"}},
      {"/pre_tokenizer/pretokenizers/0/pattern", {"3", "expected a Regex or a String, found 3"}},
      {"/pre_tokenizer/pretokenizers/0/pattern/Regex", {R"("(")", "missing closing parenthesis"}},
      {"/pre_tokenizer/pretokenizers/1/add_prefix_space",
       {"true", "add_prefix_space: expected none"}},
      {"/added_tokens/0/id", {"-4", "added_tokens 0: id"}},
      {"/added_tokens/0/id", {"65", "belongs to another token"}},
      {"/added_tokens/0/content", {R"("")", "added_tokens 0: content"}},
      {"/added_tokens/0/content", {R"("<td>")", "\"<td>\" a second time"}},
      {"/added_tokens/0/rstrip", {"true", "added_tokens 0: rstrip: expected none"}},
      {"/added_tokens", {"{}", "added_tokens: expected a list"}},
  };
  for (const auto& [pointer, change] : changes) {
    Json json = small_tokenizer();
    json[Json::json_pointer(pointer)] = Json::parse(change.first);
    EXPECT_THAT(error_of(json), HasSubstr(change.second)) << pointer << " = " << change.first;
  }
}

TEST(Tokenizer, ListsEveryProblemAtOnce) {
  Json json = small_tokenizer();
  json["normalizer"]["type"] = "NFC";
  json["model"]["dropout"] = 0.5;
  json["added_tokens"][1]["lstrip"] = true;
  EXPECT_THAT(error_of(json), AllOf(HasSubstr("3 problems"), HasSubstr("normalizer"),
                                    HasSubstr("dropout"), HasSubstr("added_tokens 1: lstrip")));
  json = small_tokenizer();
  json["model"]["vocab"].erase("a");
  json["model"]["vocab"].erase("b");
  json["model"]["merges"].push_back("q q");
  EXPECT_THAT(error_of(json),
              AllOf(HasSubstr("expected all 256 single bytes, found 254"), HasSubstr("'q' + 'q'")));
}

TEST(Tokenizer, RefusesTextThatIsNoTokenizer) {
  for (const std::string text :
       {"", "[", "[]", "{}", "3", "{\"model\":3}", "{\"model\":{\"vocab\":{\"a\":"}) {
    const auto tokenizer = Tokenizer::from_json(text, "tokenizer.json");
    ASSERT_FALSE(tokenizer) << text;
    EXPECT_EQ(tokenizer.error().code(), ErrorCode::kInvalidModel);
  }
  const auto deep = Tokenizer::from_json("{\"a\":" + std::string(1000000, '['), "t");
  EXPECT_THAT(deep.error().message(), HasSubstr("more than 32 nested levels"));
  EXPECT_EQ(Tokenizer::from_file("/nonexistent/tokenizer.json").error().code(),
            ErrorCode::kNotFound);
}

std::vector<std::string> stream(const Tokenizer& tokenizer, std::string_view bytes) {
  StreamDecoder decoder(tokenizer);
  std::vector<std::string> parts;
  for (const char byte : bytes) parts.push_back(decoder.push(static_cast<std::uint8_t>(byte)));
  parts.push_back(decoder.finish());
  return parts;
}

TEST(StreamDecoder, HoldsBackIncompleteCharacters) {
  const Tokenizer tokenizer = small();
  EXPECT_THAT(stream(tokenizer, "a\u4F60b"), ElementsAre("a", "", "", "\u4F60", "b", ""));
  EXPECT_THAT(stream(tokenizer, "\U0001F600"), ElementsAre("", "", "", "\U0001F600", ""));
  StreamDecoder decoder(tokenizer);
  EXPECT_EQ(decoder.push(0xE4), "");
  EXPECT_EQ(decoder.push(300), "\uFFFD<image>");
  EXPECT_EQ(decoder.push(9999), "");
  EXPECT_EQ(decoder.push(260), "hello");
}

TEST(StreamDecoder, ReplacesWhatCanNeverBecomeACharacter) {
  const Tokenizer tokenizer = small();
  EXPECT_THAT(stream(tokenizer,
                     "\xFF"
                     "a"),
              ElementsAre("\uFFFD", "a", ""));
  EXPECT_THAT(stream(tokenizer, "\xE4\xBD"), ElementsAre("", "", "\uFFFD"));
  EXPECT_THAT(stream(tokenizer,
                     "\xE4\xBD"
                     "a"),
              ElementsAre("", "",
                          "\uFFFD"
                          "a",
                          ""));
  EXPECT_THAT(stream(tokenizer, "\xE4\xE4\xBD\xA0"), ElementsAre("", "\uFFFD", "", "\u4F60", ""));
  EXPECT_THAT(stream(tokenizer, "\xED\xA0\x80"), ElementsAre("", "\uFFFD\uFFFD", "\uFFFD", ""));
}

TEST(StreamDecoder, SaysTheSameAsDecodingAtOnce) {
  const Tokenizer tokenizer = small();
  const std::string text = "hello \u00E9\u4F60\U0001F600<|ref|>hello\n";
  StreamDecoder decoder(tokenizer);
  std::string streamed;
  for (const TokenId id : tokenizer.encode(text)) streamed += decoder.push(id);
  EXPECT_EQ(streamed + decoder.finish(), text);
}

}  // namespace
}  // namespace lectio
