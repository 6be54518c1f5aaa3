// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/tokenizer_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "model/spec/problems.h"

namespace lectio {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxAddedBytes = 4096;
constexpr std::size_t kMaxProblems = 1000;  // kept of one file

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

std::string in_quotes(const std::string& text) { return shown(Json(text)); }

class Problems {
 public:
  void note(std::string problem) {
    if (list_.size() < kMaxProblems) list_.push_back(std::move(problem));
  }
  bool empty() const { return list_.empty(); }
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::vector<std::string> list_;
};

// Takes the file event by event. The vocabulary and the merges, nearly all of it, go straight into
// the lists; the rest becomes a small tree.
class FileReader {
 public:
  FileReader(TokenizerFile& file, Problems& problems) : file_(file), problems_(problems) {}

  Json tree;

  bool null() { return value(nullptr); }
  bool boolean(bool flag) { return value(flag); }
  bool number_integer(Json::number_integer_t number) { return value(number); }
  bool number_unsigned(Json::number_unsigned_t number) {
    if (!in(Bulk::kVocabulary)) return value(number);
    if (number > Json::number_unsigned_t{kMaxTokenId}) return value(number);
    file_.vocabulary.emplace_back(std::move(key_), static_cast<TokenId>(number));
    return true;
  }
  bool number_float(Json::number_float_t number, const std::string& /*text*/) {
    return value(number);
  }
  bool binary(Json::binary_t& /*bytes*/) { return value(nullptr); }

  bool string(std::string& text) {
    if (in(Bulk::kMerges)) {
      add_merge(text);
    } else if (in(Bulk::kPair)) {
      pair_.push_back(std::move(text));
    } else {
      return value(std::move(text));
    }
    return true;
  }

  bool key(std::string& name) {
    key_ = std::move(name);
    return true;
  }

  bool start_object(std::size_t /*size*/) {
    if (++depth_ > kMaxDepth) return too_deep();
    if (bulk_ != Bulk::kNone) return misplaced("an object");
    if (depth_ == 3 && in_model() && key_ == "vocab") {
      bulk_ = Bulk::kVocabulary;
      return true;
    }
    open_.push_back(attach(Json::object()));
    return true;
  }

  bool start_array(std::size_t /*size*/) {
    if (++depth_ > kMaxDepth) return too_deep();
    if (in(Bulk::kMerges)) {
      bulk_ = Bulk::kPair;
      pair_.clear();
      return true;
    }
    if (bulk_ != Bulk::kNone) return misplaced("a list");
    if (depth_ == 3 && in_model() && key_ == "merges") {
      bulk_ = Bulk::kMerges;
      return true;
    }
    open_.push_back(attach(Json::array()));
    return true;
  }

  bool end_object() { return leave(); }
  bool end_array() { return leave(); }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) {
    problems_.note("not JSON at byte " + std::to_string(position));
    return false;
  }

 private:
  enum class Bulk { kNone, kVocabulary, kMerges, kPair };

  bool in(Bulk bulk) const { return bulk_ == bulk; }
  bool in_model() const { return open_.size() == 2 && open_.back() == model_; }

  bool too_deep() {
    problems_.note("more than " + std::to_string(kMaxDepth) + " nested levels");
    return false;
  }
  bool misplaced(const std::string& found) {
    const bool vocabulary = in(Bulk::kVocabulary);
    problems_.note(vocabulary ? "model.vocab: " + in_quotes(key_) + ": expected an id in 0.." +
                                    std::to_string(kMaxTokenId) + ", found " + found
                              : "model.merges: expected pairs of strings, found " + found);
    return false;
  }

  bool leave() {
    --depth_;
    if (in(Bulk::kPair)) {
      if (pair_.size() != 2) return misplaced("a list of " + std::to_string(pair_.size()));
      file_.merges.emplace_back(std::move(pair_[0]), std::move(pair_[1]));
      bulk_ = Bulk::kMerges;
    } else if (bulk_ != Bulk::kNone) {
      bulk_ = Bulk::kNone;
    } else {
      open_.pop_back();
    }
    return true;
  }

  // "left right": the alphabet has no blank of its own.
  void add_merge(const std::string& text) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string::npos || text.find(' ', blank + 1) != std::string::npos) {
      problems_.note("model.merges: expected two tokens with a blank between them, found " +
                     in_quotes(text));
      return;
    }
    file_.merges.emplace_back(text.substr(0, blank), text.substr(blank + 1));
  }

  bool value(Json item) {
    if (bulk_ != Bulk::kNone) return misplaced(shown(item));
    attach(std::move(item));
    return true;
  }

  Json* attach(Json item) {
    if (open_.empty()) {
      tree = std::move(item);
      return &tree;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(item));
      return &parent.back();
    }
    Json& place = parent[key_];
    if (!place.is_null()) problems_.note("two values of " + in_quotes(key_));
    place = std::move(item);
    if (open_.size() == 1 && key_ == "model") model_ = &place;
    return &place;
  }

  TokenizerFile& file_;
  Problems& problems_;
  int depth_ = 0;
  Bulk bulk_ = Bulk::kNone;
  std::string key_;
  std::vector<std::string> pair_;
  std::vector<Json*> open_;  // containers around the next value
  const Json* model_ = nullptr;
};

// Null where absent.
const Json& field(const Json& object, const char* key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

std::string type_of(const Json& object) {
  const Json& type = field(object, "type");
  return type.is_string() ? type.get<std::string>() : "";
}

// A switch that must be off, or absent.
void demand_off(const Json& object, const char* key, const std::string& where, Problems& problems) {
  const Json& value = field(object, key);
  const bool off = value.is_null() || value == false || value == "" || value == 0.0;
  if (!off) problems.note(where + key + ": expected none, found " + shown(value));
}

void check_model(const Json& model, TokenizerFile& file, Problems& problems) {
  if (!model.is_object()) {
    problems.note("model: expected an object, found " + shown(model));
    return;
  }
  const Json& type = field(model, "type");
  if (!type.is_null() && type != "BPE")
    problems.note("model.type: expected \"BPE\", found " + shown(type));
  for (const char* key :
       {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"}) {
    demand_off(model, key, "model.", problems);
  }
  for (const char* key : {"vocab", "merges"}) {  // in the tree only where they are no lists
    const Json& value = field(model, key);
    if (!value.is_null()) problems.note(std::string("model.") + key + ": found " + shown(value));
  }
  if (file.vocabulary.empty()) problems.note("model.vocab: expected entries, found none");
  file.whole_pieces_first = field(model, "ignore_merges") == true;
}

void check_normalizer(const Json& normalizer, Problems& problems) {
  if (normalizer.is_null()) return;
  const Json& parts = field(normalizer, "normalizers");
  const bool nothing = type_of(normalizer) == "Sequence" && parts.is_array() && parts.empty();
  if (!nothing) problems.note("normalizer: expected none, found " + shown(normalizer));
}

void check_decoder(const Json& decoder, Problems& problems) {
  if (type_of(decoder) != "ByteLevel") {
    problems.note("decoder: expected ByteLevel, found " + shown(decoder));
  }
}

// A literal as an expression.
std::string escaped(const std::string& literal) {
  std::string expression;
  for (const char c : literal) {
    const auto byte = static_cast<unsigned char>(c);
    const bool special = byte < 0x80 && std::isalnum(byte) == 0;
    if (special) expression += '\\';
    expression += c;
  }
  return expression;
}

void read_split(const Json& split, const std::string& where, TokenizerFile& file,
                Problems& problems) {
  if (field(split, "behavior") != "Isolated") {
    problems.note(where + "behavior: expected \"Isolated\", found " +
                  shown(field(split, "behavior")));
  }
  demand_off(split, "invert", where, problems);
  const Json& pattern = field(split, "pattern");
  const Json& regex = field(pattern, "Regex");
  const Json& literal = field(pattern, "String");
  if (regex.is_string()) {
    file.expressions.push_back(regex.get<std::string>());
  } else if (literal.is_string()) {
    file.expressions.push_back(escaped(literal.get<std::string>()));
  } else {
    problems.note(where + "pattern: expected a Regex or a String, found " + shown(pattern));
  }
}

// Any number of Splits, then ByteLevel: after it the text is no longer the text.
void read_pre_tokenizer(const Json& root, TokenizerFile& file, Problems& problems) {
  const bool sequence = type_of(root) == "Sequence";
  const Json parts = sequence ? field(root, "pretokenizers") : Json::array({root});
  bool byte_level = false;
  for (std::size_t i = 0; parts.is_array() && i < parts.size(); ++i) {
    const std::string where = "pre_tokenizer " + std::to_string(i) + ": ";
    const std::string type = type_of(parts[i]);
    if (byte_level)
      problems.note(where + "expected nothing after ByteLevel, found " + shown(parts[i]));
    if (type == "Split") {
      read_split(parts[i], where, file, problems);
    } else if (type == "ByteLevel") {
      byte_level = true;
      demand_off(parts[i], "add_prefix_space", where, problems);
      if (field(parts[i], "use_regex") != false) file.expressions.emplace_back(kGpt2Expression);
    } else {
      problems.note(where + "expected Split or ByteLevel, found " + shown(parts[i]));
    }
  }
  if (!byte_level)
    problems.note("pre_tokenizer: expected ByteLevel at its end, found " + shown(root));
}

void read_added(const Json& list, TokenizerFile& file, Problems& problems) {
  if (list.is_null()) return;
  if (!list.is_array()) {
    problems.note("added_tokens: expected a list, found " + shown(list));
    return;
  }
  std::set<std::string> contents;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string where = "added_tokens " + std::to_string(i) + ": ";
    const Json& id = field(list[i], "id");
    const Json& content = field(list[i], "content");
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > std::uint64_t{kMaxTokenId}) {
      problems.note(where + "id: expected an integer in 0.." + std::to_string(kMaxTokenId) +
                    ", found " + shown(id));
      continue;
    }
    if (!content.is_string() || content == "" ||
        content.get_ref<const std::string&>().size() > kMaxAddedBytes) {
      problems.note(where + "content: expected a string of 1.." + std::to_string(kMaxAddedBytes) +
                    " bytes, found " + shown(content));
      continue;
    }
    for (const char* key : {"single_word", "lstrip", "rstrip"})
      demand_off(list[i], key, where, problems);
    file.added.push_back({id.get<TokenId>(), content.get<std::string>()});
    if (!contents.insert(file.added.back().content).second) {
      problems.note(where + "content: " + shown(content) + " a second time");
    }
  }
}

// Tables are indexed by id: ids must be about as dense as the file is long.
void check_density(const TokenizerFile& file, Problems& problems) {
  const std::size_t count = file.vocabulary.size() + file.added.size();
  TokenId largest = 0;
  for (const auto& entry : file.vocabulary) largest = std::max(largest, entry.second);
  for (const AddedToken& token : file.added) largest = std::max(largest, token.id);
  if (static_cast<std::size_t>(largest) > 16 * count) {
    problems.note("ids: expected at most " + std::to_string(16 * count) + " for " +
                  std::to_string(count) + " tokens, found " + std::to_string(largest));
  }
}

}  // namespace

Result<TokenizerFile> parse_tokenizer_json(std::string_view json, std::string_view name) {
  TokenizerFile file;
  Problems problems;
  FileReader reader(file, problems);
  const bool complete = Json::sax_parse(json, &reader);
  if (complete && !reader.tree.is_object()) {
    problems.note("expected a JSON object, found " + shown(reader.tree));
  } else if (complete) {
    check_model(field(reader.tree, "model"), file, problems);
    check_normalizer(field(reader.tree, "normalizer"), problems);
    check_decoder(field(reader.tree, "decoder"), problems);
    read_pre_tokenizer(field(reader.tree, "pre_tokenizer"), file, problems);
    read_added(field(reader.tree, "added_tokens"), file, problems);
    check_density(file, problems);
  }
  if (!problems.empty()) return problems_error(ErrorCode::kInvalidModel, name, problems.list());
  return file;
}

}  // namespace lectio
