// SPDX-License-Identifier: Apache-2.0
#include "model/gguf/gguf.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "model/gguf/gguf_cursor.h"
#include "model/gguf/gguf_types.h"
#include "model/spec/problems.h"

namespace lectio {
namespace {

constexpr std::uint64_t kMaxKeys = 1 << 16;
constexpr std::uint64_t kMaxTensors = 1 << 16;
constexpr std::uint64_t kMaxAlignment = 1 << 20;
constexpr std::uint32_t kMaxExtents = 4;
constexpr std::size_t kMaxProblems = 1000;
constexpr std::string_view kAlignmentKey = "general.alignment";

// Reads a header from front to back. What is wrong but says where it ends is noted, and reading
// goes on; behind anything else nothing can be read.
class HeaderReader {
 public:
  explicit HeaderReader(std::span<const std::byte> file) : file_(file), cursor_(file) {}

  GgufHeader header;
  std::vector<std::string> problems;

  void read() {
    std::uint64_t tensors = 0;
    std::uint64_t keys = 0;
    if (!read_start(tensors, keys)) return;
    for (std::uint64_t i = 0; i < keys; ++i) {
      if (!read_key(i)) return;
    }
    const std::uint64_t alignment = read_alignment();
    std::vector<std::uint64_t> offsets;
    for (std::uint64_t i = 0; i < tensors; ++i) {
      if (!read_tensor(i, alignment, offsets)) return;
    }
    place_tensors(alignment, offsets);
    check_overlaps();
  }

 private:
  void note(std::string problem) {
    if (problems.size() < kMaxProblems) problems.push_back(std::move(problem));
  }
  bool stop(std::string problem) {
    note(std::move(problem));
    return false;
  }
  bool ends_within(const std::string& what) {
    return stop("ends within " + what + ", at byte " + std::to_string(file_.size()));
  }

  bool read_start(std::uint64_t& tensors, std::uint64_t& keys) {
    const auto magic = cursor_.take(kGgufMagic.size());
    if (!magic || !std::ranges::equal(*magic, std::as_bytes(std::span(kGgufMagic)))) {
      return stop("expected a file that begins with 'GGUF'");
    }
    const auto version = cursor_.u32();
    const auto tensor_count = cursor_.u64();
    const auto key_count = cursor_.u64();
    if (!version || !tensor_count || !key_count) return ends_within("its first 24 bytes");
    if (*version != 2 && *version != 3) {
      const bool swapped = *version == 2U << 24 || *version == 3U << 24;
      return stop("version: expected 2 or 3, found " +
                  (swapped ? std::string("a big-endian file") : std::to_string(*version)));
    }
    header.version = *version;
    // The shortest entries: a key of one byte with a boolean, a tensor without extents.
    keys = check_count("metadata", *key_count, 8 + 1 + 4 + 1, kMaxKeys);
    tensors = check_count("tensors", *tensor_count, 8 + 4 + 4 + 8, kMaxTensors);
    return problems.empty();
  }

  std::uint64_t check_count(const char* what, std::uint64_t count, std::uint64_t shortest,
                            std::uint64_t limit) {
    const std::uint64_t most = std::min(cursor_.left() / shortest, limit);
    if (count <= most) return count;
    note(std::string(what) + ": expected at most " + std::to_string(most) +
         " entries in a file of this size, found " + std::to_string(count));
    return 0;
  }

  bool read_key(std::uint64_t index) {
    const auto key = cursor_.text();
    if (!key) return ends_within("the key of metadata " + std::to_string(index));
    const std::string where = "metadata " + quoted_name(*key);
    GgufValue value;
    switch (read_gguf_value(cursor_, value)) {
      case GgufOutcome::kOk:
        break;
      case GgufOutcome::kTruncated:
        return ends_within(where);
      case GgufOutcome::kUnknownType:
        return stop(where + ": a type that GGUF does not have");
      case GgufOutcome::kTooDeep:
        return stop(where + ": arrays nested too deep");
    }
    if (key->empty() || key->size() > std::numeric_limits<std::uint16_t>::max()) {
      note(where + ": expected a key of 1..65535 bytes, found " + std::to_string(key->size()));
    } else if (!header.metadata.try_emplace(std::string(*key), value).second) {
      note(where + ": a second time");
    }
    return true;
  }

  std::uint64_t read_alignment() {
    const GgufValue* const value = header.find(kAlignmentKey);
    if (value == nullptr) return kGgufAlignment;
    const std::int64_t alignment = value->integer().value_or(0);
    const bool ok = alignment > 0 && std::has_single_bit(static_cast<std::uint64_t>(alignment)) &&
                    static_cast<std::uint64_t>(alignment) <= kMaxAlignment;
    if (ok) return static_cast<std::uint64_t>(alignment);
    note("metadata '" + std::string(kAlignmentKey) + "': expected a power of two up to " +
         std::to_string(kMaxAlignment) + ", found " +
         (value->integer() ? std::to_string(alignment) : value->kind()));
    return kGgufAlignment;
  }

  // Extents, innermost first, as the file has them; nothing where one is out of range.
  struct Entry {
    std::string_view name;
    std::array<std::uint64_t, kMaxExtents> extents{};
    std::uint32_t rank = 0;
    std::uint32_t type = 0;
    std::uint64_t offset = 0;
  };

  bool read_tensor(std::uint64_t index, std::uint64_t alignment,
                   std::vector<std::uint64_t>& offsets) {
    Entry entry;
    const std::string number = "tensor " + std::to_string(index);
    const auto name = cursor_.text();
    const auto rank = cursor_.u32();
    if (!name || !rank) return ends_within(number);
    entry.name = *name;
    entry.rank = *rank;
    const std::string where = "tensor " + quoted_name(entry.name);
    if (entry.rank > kMaxExtents) {
      return stop(where + ": expected at most 4 extents, found " + std::to_string(entry.rank));
    }
    for (std::uint32_t i = 0; i < entry.rank; ++i) {
      const auto extent = cursor_.u64();
      if (!extent) return ends_within(where);
      entry.extents[i] = *extent;
    }
    const auto type = cursor_.u32();
    const auto offset = cursor_.u64();
    if (!type || !offset) return ends_within(where);
    entry.type = *type;
    entry.offset = *offset;
    if (!names_.insert(entry.name).second) note(where + ": named twice");
    if (entry.offset % alignment != 0) {
      note(where + ": offset: expected a multiple of " + std::to_string(alignment) + ", found " +
           std::to_string(entry.offset));
    }
    if (auto tensor = check_tensor(entry, where)) {
      header.tensors.push_back(*std::move(tensor));
      offsets.push_back(entry.offset);
    }
    return true;
  }

  // Format and shape; `end` becomes the tensor's length.
  std::optional<GgufTensor> check_tensor(const Entry& entry, const std::string& where) {
    const std::optional<DType> dtype = dtype_of_ggml(entry.type);
    if (!dtype) {
      note(where + ": format: expected one of " + readable_ggml_types() + ", found " +
           ggml_type_name(entry.type));
      return std::nullopt;
    }
    std::vector<std::int64_t> extents;
    std::int64_t elements = 1;
    for (std::uint32_t i = entry.rank; i-- > 0;) {
      constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
      const std::uint64_t extent = entry.extents[i];
      if (extent == 0 || extent > kMost ||
          __builtin_mul_overflow(elements, static_cast<std::int64_t>(extent), &elements)) {
        note(where + ": extents: expected a product of 1 to 2^63 - 1, found one of " +
             std::to_string(extent));
        return std::nullopt;
      }
      extents.push_back(static_cast<std::int64_t>(extent));
    }
    const std::int64_t length = extents.empty() ? 1 : extents.back();
    const std::int64_t block = block_length(*dtype);
    if (length % block != 0) {
      note(where + ": expected rows of whole blocks of " + std::to_string(block) + " for " +
           dtype_name(*dtype) + ", found " + std::to_string(length) + " numbers");
      return std::nullopt;
    }
    std::int64_t bytes = 0;
    if (__builtin_mul_overflow(elements / block, block_bytes(*dtype), &bytes)) {
      note(where + ": more bytes than 63 bits can count");
      return std::nullopt;
    }
    return GgufTensor{std::string(entry.name), *dtype,
                      Shape(std::span<const std::int64_t>(extents)), 0,
                      static_cast<std::uint64_t>(bytes)};
  }

  // The data begin at the first multiple of the alignment behind the list.
  void place_tensors(std::uint64_t alignment, const std::vector<std::uint64_t>& offsets) {
    const std::uint64_t begin = (cursor_.position() + alignment - 1) / alignment * alignment;
    const std::uint64_t size = file_.size() > begin ? file_.size() - begin : 0;
    for (std::size_t i = 0; i < header.tensors.size(); ++i) {
      GgufTensor& tensor = header.tensors[i];
      const std::uint64_t length = tensor.end;
      if (offsets[i] > size || length > size - offsets[i]) {
        note("tensor " + quoted_name(tensor.name) + ": expected " + std::to_string(length) +
             " bytes from " + std::to_string(offsets[i]) + " on within the " +
             std::to_string(size) + " bytes of data");
        tensor.begin = tensor.end = 0;
        continue;
      }
      tensor.begin = begin + offsets[i];
      tensor.end = tensor.begin + length;
      const auto unit =
          static_cast<std::uint64_t>(is_block_format(tensor.dtype) ? 2 : block_bytes(tensor.dtype));
      if (tensor.begin % unit != 0) {
        note("tensor " + quoted_name(tensor.name) + ": expected a place in the file divisible by " +
             std::to_string(unit) + ", found " + std::to_string(tensor.begin));
      }
    }
  }

  void check_overlaps() {
    std::vector<GgufTensor>& tensors = header.tensors;
    std::ranges::sort(tensors, {}, [](const GgufTensor& t) { return std::pair(t.begin, t.end); });
    for (std::size_t i = 1; i < tensors.size(); ++i) {
      if (tensors[i].begin >= tensors[i - 1].end) continue;
      note("tensor " + quoted_name(tensors[i].name) + ": overlaps " +
           quoted_name(tensors[i - 1].name));
    }
  }

  std::span<const std::byte> file_;
  GgufCursor cursor_;
  std::set<std::string_view> names_;
};

}  // namespace

const GgufValue* GgufHeader::find(std::string_view key) const {
  const auto found = metadata.find(key);
  return found == metadata.end() ? nullptr : &found->second;
}

std::string_view GgufHeader::text(std::string_view key) const {
  const GgufValue* const value = find(key);
  return value == nullptr ? std::string_view() : value->text().value_or("");
}

Result<GgufHeader> parse_gguf(std::span<const std::byte> file, std::string_view name) {
  HeaderReader reader(file);
  reader.read();
  if (!reader.problems.empty()) {
    return problems_error(ErrorCode::kInvalidModel, name, reader.problems);
  }
  return std::move(reader.header);
}

Result<GgufFile> GgufFile::open(const std::filesystem::path& path) {
  LECTIO_TRY(MappedFile file, MappedFile::open(path));
  LECTIO_TRY(GgufHeader header, parse_gguf(file.bytes(), path.string()));
  return GgufFile(std::move(file), std::move(header));
}

TensorView GgufFile::view(const GgufTensor& tensor) const {
  void* const data = const_cast<std::byte*>(file_.bytes().data() + tensor.begin);
  return {data, tensor.dtype, tensor.shape};
}

}  // namespace lectio
