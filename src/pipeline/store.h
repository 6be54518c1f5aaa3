// SPDX-License-Identifier: Apache-2.0
// Results of pages on disk, each under the name of its content: what was read once is not read
// again, whenever and however the program ended.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "pipeline/pipeline.h"

namespace lectio {

// A folder of files <first two digits>/<key>.json, each written whole or not at all. One process at
// a time: a lock that ends with the process keeps others out. Thread-safe.
class ResultStore {
 public:
  // Makes the folder. kIo where it cannot be made, or another process works in it.
  static Result<ResultStore> open(const std::filesystem::path& folder);
  ResultStore(ResultStore&& other) noexcept;
  ResultStore& operator=(ResultStore&&) = delete;
  ~ResultStore();

  // Nothing where there is none, or where the file is damaged: then the page is read again.
  std::optional<PageResult> find(const std::string& key) const;
  Result<void> put(const PageResult& result);

 private:
  ResultStore(std::filesystem::path folder, int lock) : folder_(std::move(folder)), lock_(lock) {}

  std::filesystem::path folder_;
  int lock_ = -1;
};

// What the store keeps of a result: everything but where the page came from and how long it took.
std::string to_stored_json(const PageResult& result);
Result<PageResult> from_stored_json(std::string_view json);

}  // namespace lectio
