// SPDX-License-Identifier: Apache-2.0
#include "model/gguf/gguf_writer.h"

#include <algorithm>

#include "base/check.h"
#include "model/gguf/gguf.h"
#include "model/gguf/gguf_types.h"

namespace lectio {
namespace {

constexpr std::uint32_t kVersion = 3;
constexpr int kMaxExtents = 4;

std::uint64_t aligned(std::uint64_t offset) {
  return (offset + kGgufAlignment - 1) / kGgufAlignment * kGgufAlignment;
}

template <typename T>
void append_number(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void append_heading(std::string& bytes, const TensorHeading& heading, std::uint64_t offset) {
  const auto type = ggml_of_dtype(heading.dtype);
  LECTIO_CHECK(type && heading.shape.rank() <= kMaxExtents &&
                   heading.shape.last() % block_length(heading.dtype) == 0,
               heading.name + " " + heading.shape.to_string() + " as " + dtype_name(heading.dtype));
  append_number(bytes, std::uint64_t{heading.name.size()});
  bytes += heading.name;
  append_number(bytes, static_cast<std::uint32_t>(heading.shape.rank()));
  for (int axis = heading.shape.rank(); axis-- > 0;) {
    append_number(bytes, static_cast<std::uint64_t>(heading.shape[axis]));
  }
  append_number(bytes, *type);
  append_number(bytes, offset);
}

}  // namespace

Result<GgufWriter> GgufWriter::create(const std::filesystem::path& path, const GgufFields& fields,
                                      const std::vector<TensorHeading>& headings) {
  LECTIO_TRY(AtomicFile file, AtomicFile::create(path));
  GgufWriter writer(std::move(file));
  std::string start(kGgufMagic);
  append_number(start, kVersion);
  append_number(start, std::uint64_t{headings.size()});
  append_number(start, fields.count());
  start += fields.bytes();
  std::uint64_t offset = 0;
  for (const TensorHeading& heading : headings) {
    append_heading(start, heading, offset);
    const std::uint64_t end = offset + static_cast<std::uint64_t>(heading.bytes());
    LECTIO_CHECK(writer.regions_.try_emplace(heading.name, Region{offset, end, 0}).second,
                 heading.name + " twice");
    offset = aligned(end);
  }
  start.resize(aligned(start.size()), '\0');
  for (auto& [name, region] : writer.regions_) {
    region.begin += start.size();
    region.end += start.size();
  }
  LECTIO_TRY_VOID(writer.file_.write_at(0, std::as_bytes(std::span(start))));
  // Some readers expect the padding behind the last tensor.
  constexpr std::byte kZero{0};
  if (offset > 0) {
    LECTIO_TRY_VOID(writer.file_.write_at(start.size() + offset - 1, std::span(&kZero, 1)));
  }
  return writer;
}

Result<void> GgufWriter::write(const std::string& name, std::uint64_t offset,
                               std::span<const std::byte> bytes) {
  const auto found = regions_.find(name);
  LECTIO_CHECK(found != regions_.end(), name + " was not announced");
  Region& region = found->second;
  const std::uint64_t size = region.end - region.begin;
  LECTIO_CHECK(offset <= size && bytes.size() <= size - offset,
               "more bytes of " + name + " than announced");
  region.written += bytes.size();
  return file_.write_at(region.begin + offset, bytes);
}

Result<void> GgufWriter::commit() {
  for (const auto& [name, region] : regions_) {
    LECTIO_CHECK(region.written == region.end - region.begin, "bytes of " + name + " are missing");
  }
  return file_.commit();
}

}  // namespace lectio
