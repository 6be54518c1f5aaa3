// SPDX-License-Identifier: Apache-2.0
// The way back: lists as tokenizer.json.
#include <nlohmann/json.hpp>
#include <utility>

#include "model/tokenizer/tokenizer_json.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

Json pre_tokenizer_json(const std::vector<std::string>& expressions) {
  Json parts = Json::array();
  for (const std::string& expression : expressions) {
    Json split;
    split["type"] = "Split";
    split["pattern"]["Regex"] = expression;
    split["behavior"] = "Isolated";
    split["invert"] = false;
    parts.push_back(std::move(split));
  }
  parts.push_back({{"type", "ByteLevel"},
                   {"add_prefix_space", false},
                   {"trim_offsets", true},
                   {"use_regex", false}});
  Json sequence;
  sequence["type"] = "Sequence";
  sequence["pretokenizers"] = std::move(parts);
  return sequence;
}

Json added_json(const AddedToken& token) {
  return {{"id", token.id},  {"content", token.content}, {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false},      {"special", true}};
}

}  // namespace

std::string to_tokenizer_json(const TokenizerFile& file) {
  Json vocabulary = Json::object();
  for (const auto& [spelling, id] : file.vocabulary) vocabulary[spelling] = id;
  Json added = Json::array();
  for (const AddedToken& token : file.added) added.push_back(added_json(token));
  Json merges = Json::array();
  for (const auto& [left, right] : file.merges) merges.push_back(left + " " + right);
  const Json byte_level = {{"type", "ByteLevel"},
                           {"add_prefix_space", true},
                           {"trim_offsets", true},
                           {"use_regex", true}};
  Json root;
  root["version"] = "1.0";
  root["truncation"] = nullptr;
  root["padding"] = nullptr;
  root["added_tokens"] = std::move(added);
  root["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array()}};
  root["pre_tokenizer"] = pre_tokenizer_json(file.expressions);
  root["post_processor"] = byte_level;
  root["decoder"] = byte_level;
  Json& model = root["model"];
  model["type"] = "BPE";
  for (const char* key :
       {"dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"}) {
    model[key] = nullptr;
  }
  if (file.whole_pieces_first) model["ignore_merges"] = true;
  model["fuse_unk"] = false;
  model["byte_fallback"] = false;
  model["vocab"] = std::move(vocabulary);
  model["merges"] = std::move(merges);
  return root.dump(2) + "\n";
}

}  // namespace lectio
