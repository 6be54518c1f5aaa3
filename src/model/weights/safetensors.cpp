// SPDX-License-Identifier: Apache-2.0
#include "model/weights/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "model/spec/problems.h"

namespace lectio {
namespace {

constexpr std::string_view kMetadata = "__metadata__";
constexpr std::uint64_t kPrefix = 8;
constexpr std::int64_t kQ8BlockBytes = sizeof(Q8Block);

// A tensor as the header describes it, not yet believed.
struct Claim {
  std::string name;
  std::optional<std::string> dtype;
  std::optional<std::vector<std::int64_t>> shape;
  std::optional<std::vector<std::int64_t>> offsets;
  bool malformed = false;  // and noted as such already
};

// Takes the header's JSON event by event, so that no tree of a hostile header is ever built. Notes
// what has the wrong form and goes on.
class HeaderReader {
 public:
  using Json = nlohmann::json;

  std::vector<Claim> claims;
  std::map<std::string, std::string> metadata;
  std::vector<std::string> problems;
  bool complete = true;  // false: the text stopped being JSON

  bool null() { return stray("null"); }
  bool boolean(bool /*value*/) { return stray("a boolean"); }
  bool number_float(Json::number_float_t /*value*/, const std::string& text) { return stray(text); }
  bool binary(Json::binary_t& /*value*/) { return stray("binary"); }
  bool number_integer(Json::number_integer_t number) { return stray(std::to_string(number)); }
  bool number_unsigned(Json::number_unsigned_t number) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    if (depth_ != kListDepth || ignoring() || number > kMost) return stray(std::to_string(number));
    list_->push_back(static_cast<std::int64_t>(number));
    return true;
  }

  bool string(std::string& text) {
    if (depth_ != kFieldDepth || ignoring()) return stray("a string");
    if (in_metadata_) {
      metadata[key_] = text;
    } else if (key_ == "dtype") {
      claims.back().dtype = text;
    } else {
      return stray("a string");
    }
    return true;
  }

  bool start_object(std::size_t /*size*/) {
    ++depth_;
    if (ignoring() || depth_ == kNameDepth) return true;
    if (depth_ != kFieldDepth) return ignore("an object");
    in_metadata_ = key_ == kMetadata;
    if (!in_metadata_) claims.push_back({key_, {}, {}, {}, false});
    return true;
  }
  bool end_object() { return leave(); }

  bool start_array(std::size_t /*size*/) {
    ++depth_;
    if (ignoring()) return true;
    const bool is_list = depth_ == kListDepth && !in_metadata_;
    if (is_list && key_ == "shape") {
      list_ = &claims.back().shape.emplace();
    } else if (is_list && key_ == "data_offsets") {
      list_ = &claims.back().offsets.emplace();
    } else {
      return ignore("a list");
    }
    return true;
  }
  bool end_array() { return leave(); }

  bool key(std::string& name) {
    if (ignoring()) return true;
    key_ = name;
    if (depth_ == kNameDepth && !names_.insert(name).second) {
      problems.push_back("tensor " + quoted_name(name) + ": named twice");
    }
    if (depth_ == kFieldDepth && !in_metadata_) check_field(claims.back());
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) {
    problems.push_back("header: not JSON at byte " + std::to_string(position));
    complete = false;
    return false;
  }

 private:
  // How many containers are open around a tensor's name, its fields, the numbers of its lists.
  static constexpr int kNameDepth = 1;
  static constexpr int kFieldDepth = 2;
  static constexpr int kListDepth = 3;

  void check_field(Claim& claim) {
    const bool known = key_ == "dtype" || key_ == "shape" || key_ == "data_offsets";
    const bool again = (key_ == "dtype" && claim.dtype) || (key_ == "shape" && claim.shape) ||
                       (key_ == "data_offsets" && claim.offsets);
    if (known && !again) return;
    claim.malformed = true;
    problems.push_back("tensor " + quoted_name(claim.name) + ": " +
                       (again ? "two fields " : "unknown field ") + quoted_name(key_));
  }

  bool ignoring() const { return ignored_depth_ > 0; }
  // A container where it does not belong is skipped with all that is in it.
  bool ignore(const std::string& found) {
    note(depth_ - 1, found);
    ignored_depth_ = depth_;
    return true;
  }
  bool leave() {
    --depth_;
    if (depth_ < ignored_depth_) ignored_depth_ = 0;
    return true;
  }
  // A value where it does not belong.
  bool stray(const std::string& found) {
    if (!ignoring()) note(depth_, found);
    return true;
  }

  void note(int depth, const std::string& found) {
    if (depth < kNameDepth) {
      problems.push_back("header: expected an object, found " + found);
    } else if (depth == kNameDepth) {
      problems.push_back("tensor " + quoted_name(key_) + ": expected an object, found " + found);
    } else if (in_metadata_) {
      problems.push_back(std::string(kMetadata) + " " + quoted_name(key_) +
                         ": expected a string, found " + found);
    } else {
      Claim& claim = claims.back();
      const bool field_was_noted = std::exchange(claim.malformed, true);
      if (field_was_noted) return;
      problems.push_back("tensor " + quoted_name(claim.name) + ": " + key_ + ": expected " +
                         (key_ == "dtype" ? "a string" : "a list of non-negative integers") +
                         ", found " + found);
    }
  }

  int depth_ = 0;
  int ignored_depth_ = 0;  // 0: nothing is being skipped
  bool in_metadata_ = false;
  std::string key_;
  std::set<std::string> names_;
  std::vector<std::int64_t>* list_ = nullptr;
};

std::optional<DType> dtype_from_name(std::string_view name) {
  constexpr std::array kStored = {DType::kF32, DType::kF64, DType::kBF16, DType::kF16,
                                  DType::kI64, DType::kI32, DType::kU8};
  for (const DType dtype : kStored) {
    if (name == dtype_name(dtype)) return dtype;
  }
  return std::nullopt;
}

std::string shown(const std::vector<std::int64_t>& extents) {
  std::string text = "[";
  for (const std::int64_t extent : extents) {
    if (text.size() > 60) return text + "...]";
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  }
  return text + "]";
}

// Bytes of a dense tensor; nothing where the product leaves 63 bits.
std::optional<std::int64_t> byte_count(DType dtype, const std::vector<std::int64_t>& extents) {
  std::int64_t product = row_bytes(dtype, 1);
  for (const std::int64_t extent : extents) {
    if (__builtin_mul_overflow(product, extent, &product)) return std::nullopt;
  }
  return product;
}

// Turns claims about one file into entries.
class ClaimChecker {
 public:
  ClaimChecker(std::uint64_t data_begin, std::uint64_t data_size, bool quantised,
               std::vector<std::string>& problems)
      : data_begin_(data_begin),
        data_size_(data_size),
        quantised_(quantised),
        problems_(problems) {}

  std::optional<SafetensorsEntry> check(const Claim& claim) {
    if (claim.malformed) return std::nullopt;
    const std::size_t problems_before = problems_.size();
    std::optional<DType> dtype;
    if (claim.dtype) dtype = dtype_from_name(*claim.dtype);
    if (!claim.dtype) {
      note(claim, "dtype: missing");
    } else if (!dtype) {
      note(claim, "dtype: expected one of F32, F64, BF16, F16, I64, I32, U8, found " +
                      quoted_name(*claim.dtype));
    }
    if (!claim.shape) {
      note(claim, "shape: missing");
    } else if (claim.shape->size() > Shape::kMaxRank) {
      note(claim, "shape: expected at most " + std::to_string(Shape::kMaxRank) +
                      " extents, found " + shown(*claim.shape));
    }
    if (!claim.offsets || claim.offsets->size() != 2) {
      note(claim, "data_offsets: expected two numbers");
    } else {
      check_range(claim, (*claim.offsets)[0], (*claim.offsets)[1]);
    }
    if (dtype && claim.shape && claim.offsets && claim.offsets->size() == 2) {
      check_size(claim, *dtype);
    }
    if (problems_.size() > problems_before) return std::nullopt;
    return entry(claim, *dtype);
  }

 private:
  void note(const Claim& claim, const std::string& problem) {
    problems_.push_back("tensor " + quoted_name(claim.name) + ": " + problem);
  }

  void check_range(const Claim& claim, std::int64_t begin, std::int64_t end) {
    if (begin <= end && static_cast<std::uint64_t>(end) <= data_size_) return;
    note(claim, "data_offsets: expected a range within the " + std::to_string(data_size_) +
                    " bytes of data, found " + shown({begin, end}));
  }

  void check_size(const Claim& claim, DType dtype) {
    const std::int64_t begin = (*claim.offsets)[0];
    const std::int64_t end = (*claim.offsets)[1];
    const std::optional<std::int64_t> bytes = byte_count(dtype, *claim.shape);
    if (!bytes) {
      note(claim, "shape: " + shown(*claim.shape) + " has more bytes than 63 bits can count");
    } else if (begin <= end && *bytes != end - begin) {
      note(claim, "data_offsets: expected " + std::to_string(*bytes) + " bytes for " +
                      dtype_name(dtype) + " " + shown(*claim.shape) + ", found " +
                      std::to_string(end - begin));
    }
  }

  SafetensorsEntry entry(const Claim& claim, DType dtype) const {
    std::vector<std::int64_t> extents = *claim.shape;
    if (quantised_ && dtype == DType::kU8 && !extents.empty() &&
        extents.back() % kQ8BlockBytes == 0) {
      dtype = DType::kQ8;
      extents.back() = extents.back() / kQ8BlockBytes * kQ8BlockLength;
    }
    return {claim.name, dtype, Shape(std::span<const std::int64_t>(extents)),
            data_begin_ + static_cast<std::uint64_t>((*claim.offsets)[0]),
            data_begin_ + static_cast<std::uint64_t>((*claim.offsets)[1])};
  }

  std::uint64_t data_begin_;
  std::uint64_t data_size_;
  bool quantised_;
  std::vector<std::string>& problems_;
};

// The tensors must follow each other from the first byte of data to the last.
void check_coverage(const std::vector<SafetensorsEntry>& sorted, std::uint64_t data_begin,
                    std::uint64_t file_end, std::vector<std::string>& problems) {
  std::uint64_t position = data_begin;
  for (const SafetensorsEntry& entry : sorted) {
    if (entry.begin != position) {
      problems.push_back(
          "tensor " + quoted_name(entry.name) + ": data_offsets: " +
          (entry.begin < position ? "overlaps the tensor before it" : "leaves a hole before it") +
          ": expected a begin of " + std::to_string(position - data_begin) + ", found " +
          std::to_string(entry.begin - data_begin));
    }
    position = std::max(position, entry.end);
  }
  if (position != file_end) {
    problems.push_back("data: expected " + std::to_string(position - data_begin) +
                       " bytes after the header, found " + std::to_string(file_end - data_begin));
  }
}

bool is_quantised(const HeaderReader& reader, std::vector<std::string>& problems) {
  const auto q8 = reader.metadata.find(std::string(kQ8MetadataKey));
  if (q8 == reader.metadata.end()) return false;
  if (q8->second == kQ8MetadataValue) return true;
  problems.push_back(std::string(kMetadata) + "." + std::string(kQ8MetadataKey) + ": expected '" +
                     std::string(kQ8MetadataValue) + "', found " + quoted_name(q8->second));
  return false;
}

Result<std::uint64_t> header_length(std::span<const std::byte> file, const std::string& name) {
  if (file.size() < kPrefix) {
    return Error(ErrorCode::kInvalidModel,
                 name + ": expected at least 8 bytes, found " + std::to_string(file.size()));
  }
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < kPrefix; ++i) {
    length |= std::to_integer<std::uint64_t>(file[i]) << (8 * i);
  }
  const std::uint64_t most = std::min(file.size() - kPrefix, kMaxSafetensorsHeader);
  if (length > most) {
    return Error(ErrorCode::kInvalidModel, name + ": header length: expected at most " +
                                               std::to_string(most) + " bytes, found " +
                                               std::to_string(length));
  }
  return length;
}

}  // namespace

Result<SafetensorsHeader> parse_safetensors(std::span<const std::byte> file,
                                            std::string_view name) {
  LECTIO_TRY(const std::uint64_t length, header_length(file, std::string(name)));
  const auto* text = reinterpret_cast<const char*>(file.data()) + kPrefix;
  HeaderReader reader;
  nlohmann::json::sax_parse(text, text + length, &reader);
  std::vector<std::string>& problems = reader.problems;
  if (!reader.complete) return problems_error(ErrorCode::kInvalidModel, name, problems);

  SafetensorsHeader header;
  ClaimChecker checker(kPrefix + length, file.size() - kPrefix - length,
                       is_quantised(reader, problems), problems);
  for (const Claim& claim : reader.claims) {
    if (auto entry = checker.check(claim)) header.tensors.push_back(*std::move(entry));
  }
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
              return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
            });
  // With a broken tensor left out, every neighbour would seem to leave a hole.
  if (header.tensors.size() == reader.claims.size()) {
    check_coverage(header.tensors, kPrefix + length, file.size(), problems);
  }
  if (!problems.empty()) return problems_error(ErrorCode::kInvalidModel, name, problems);
  header.metadata = std::move(reader.metadata);
  return header;
}

}  // namespace lectio
