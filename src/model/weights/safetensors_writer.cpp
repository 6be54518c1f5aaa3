// SPDX-License-Identifier: Apache-2.0
#include "model/weights/safetensors_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/check.h"
#include "model/weights/safetensors.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kPrefix = 8;
constexpr std::uint64_t kDataAlignment = 64;  // of the first tensor, by spaces after the header

std::int64_t alignment_of(DType dtype) { return dtype == DType::kQ8 ? 2 : row_bytes(dtype, 1); }

void check_headings(const std::vector<TensorHeading>& headings, bool quantised) {
  std::set<std::string> names;
  for (const TensorHeading& heading : headings) {
    LECTIO_CHECK(names.insert(heading.name).second, heading.name + " twice");
    const std::int64_t last = heading.shape.last();
    const bool is_u8 = heading.dtype == DType::kU8;
    const bool mistakable = heading.shape.rank() > 0 && last % std::int64_t{sizeof(Q8Block)} == 0;
    LECTIO_CHECK(
        heading.dtype != DType::kQ8 || (heading.shape.rank() > 0 && last % kQ8BlockLength == 0),
        heading.name + " " + heading.shape.to_string() + " as Q8");
    LECTIO_CHECK(!quantised || !is_u8 || !mistakable, heading.name + " would read back as Q8");
  }
}

Json shape_json(const TensorHeading& heading) {
  Json extents = Json::array();
  for (int axis = 0; axis < heading.shape.rank(); ++axis) extents.push_back(heading.shape[axis]);
  if (heading.dtype == DType::kQ8) extents.back() = row_bytes(DType::kQ8, heading.shape.last());
  return extents;
}

}  // namespace

Result<SafetensorsWriter> SafetensorsWriter::create(const std::filesystem::path& path,
                                                    std::vector<TensorHeading> headings,
                                                    std::map<std::string, std::string> metadata) {
  const bool quantised = std::any_of(headings.begin(), headings.end(),
                                     [](const TensorHeading& h) { return h.dtype == DType::kQ8; });
  check_headings(headings, quantised);
  if (quantised) metadata[std::string(kQ8MetadataKey)] = kQ8MetadataValue;
  // Wide numbers first: without holes, this keeps every tensor aligned.
  std::stable_sort(headings.begin(), headings.end(),
                   [](const TensorHeading& a, const TensorHeading& b) {
                     return alignment_of(a.dtype) > alignment_of(b.dtype);
                   });

  LECTIO_TRY(AtomicFile file, AtomicFile::create(path));
  SafetensorsWriter writer(std::move(file));
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t position = 0;
  for (const TensorHeading& heading : headings) {
    const std::uint64_t end = position + static_cast<std::uint64_t>(heading.bytes());
    Json& entry = header[heading.name];
    entry["dtype"] = heading.dtype == DType::kQ8 ? "U8" : dtype_name(heading.dtype);
    entry["shape"] = shape_json(heading);
    entry["data_offsets"] = Json::array({position, end});
    writer.regions_[heading.name] = {position, end};
    position = end;
  }
  std::string text = header.dump();
  const std::uint64_t used = (kPrefix + text.size()) % kDataAlignment;
  if (used != 0) text.append(kDataAlignment - used, ' ');
  for (auto& [name, region] : writer.regions_) {
    region.next += kPrefix + text.size();
    region.end += kPrefix + text.size();
  }
  std::string start(kPrefix, '\0');
  for (std::size_t i = 0; i < kPrefix; ++i) start[i] = static_cast<char>(text.size() >> (8 * i));
  start += text;

  LECTIO_TRY_VOID(writer.file_.write_at(0, std::as_bytes(std::span(start))));
  return writer;
}

Result<void> SafetensorsWriter::append(const std::string& name, std::span<const std::byte> bytes) {
  const auto region = regions_.find(name);
  LECTIO_CHECK(region != regions_.end(), name + " was not announced");
  LECTIO_CHECK(bytes.size() <= region->second.end - region->second.next,
               "more bytes of " + name + " than announced");
  LECTIO_TRY_VOID(file_.write_at(region->second.next, bytes));
  region->second.next += bytes.size();
  return {};
}

Result<void> SafetensorsWriter::commit() {
  for (const auto& [name, region] : regions_) {
    LECTIO_CHECK(region.next == region.end, "bytes of " + name + " are missing");
  }
  return file_.commit();
}

Result<void> write_safetensors(const std::filesystem::path& path,
                               const std::map<std::string, TensorView>& tensors,
                               const std::map<std::string, std::string>& metadata) {
  std::vector<TensorHeading> headings;
  headings.reserve(tensors.size());
  for (const auto& [name, view] : tensors) headings.push_back({name, view.dtype, view.shape});
  LECTIO_TRY(SafetensorsWriter writer, SafetensorsWriter::create(path, headings, metadata));
  for (const auto& [name, view] : tensors) {
    const auto* first = static_cast<const std::byte*>(view.data);
    LECTIO_TRY_VOID(writer.append(name, {first, static_cast<std::size_t>(view.bytes())}));
  }
  return writer.commit();
}

}  // namespace lectio
