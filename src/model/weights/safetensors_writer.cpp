// SPDX-License-Identifier: Apache-2.0
#include "model/weights/safetensors_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "model/weights/safetensors.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kPrefix = 8;
constexpr std::uint64_t kDataAlignment = 64;  // of the first tensor, by spaces after the header

Error system_error(const std::filesystem::path& path, const char* what, int code) {
  return Error(ErrorCode::kIo,
               path.string() + ": " + what + ": " + std::generic_category().message(code));
}

std::int64_t stored_bytes(const TensorHeading& heading) {
  return TensorView{nullptr, heading.dtype, heading.shape}.bytes();
}

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

  SafetensorsWriter writer;
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t position = 0;
  for (const TensorHeading& heading : headings) {
    const std::uint64_t end = position + static_cast<std::uint64_t>(stored_bytes(heading));
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

  writer.path_ = path;
  writer.temporary_ = path.string() + ".tmp." + std::to_string(::getpid());
  writer.descriptor_ =
      ::open(writer.temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (writer.descriptor_ < 0) return system_error(path, "cannot create", errno);
  LECTIO_TRY_VOID(writer.write_at(0, std::as_bytes(std::span(start))));
  return writer;
}

SafetensorsWriter::SafetensorsWriter(SafetensorsWriter&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      regions_(std::move(other.regions_)) {}

SafetensorsWriter& SafetensorsWriter::operator=(SafetensorsWriter&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(regions_, other.regions_);
  return *this;
}

SafetensorsWriter::~SafetensorsWriter() { discard(); }

void SafetensorsWriter::discard() noexcept {
  if (descriptor_ < 0) return;
  ::close(std::exchange(descriptor_, -1));
  ::unlink(temporary_.c_str());
}

Result<void> SafetensorsWriter::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(path_, "cannot write", errno);
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> SafetensorsWriter::append(const std::string& name, std::span<const std::byte> bytes) {
  LECTIO_CHECK(descriptor_ >= 0, "already committed");
  const auto region = regions_.find(name);
  LECTIO_CHECK(region != regions_.end(), name + " was not announced");
  LECTIO_CHECK(bytes.size() <= region->second.end - region->second.next,
               "more bytes of " + name + " than announced");
  LECTIO_TRY_VOID(write_at(region->second.next, bytes));
  region->second.next += bytes.size();
  return {};
}

Result<void> SafetensorsWriter::commit() {
  LECTIO_CHECK(descriptor_ >= 0, "already committed");
  for (const auto& [name, region] : regions_) {
    LECTIO_CHECK(region.next == region.end, "bytes of " + name + " are missing");
  }
  if (::fsync(descriptor_) != 0 && errno != EINVAL) {
    return system_error(path_, "cannot flush", errno);
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return system_error(path_, "cannot rename into place", errno);
  }
  ::close(std::exchange(descriptor_, -1));
  return {};
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
