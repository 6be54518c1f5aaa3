// SPDX-License-Identifier: Apache-2.0
#include "pipeline/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/log.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 28;

fs::path file_of(const fs::path& folder, const std::string& key) {
  return folder / key.substr(0, 2) / (key + ".json");
}

// What a process that was killed left half written.
void remove_leftovers(const fs::path& folder) {
  std::error_code problem;
  for (fs::recursive_directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem)) {
    std::error_code unknown;
    if (at->path().filename().string().find(".tmp.") != std::string::npos) {
      fs::remove(at->path(), unknown);
    }
  }
}

}  // namespace

Result<ResultStore> ResultStore::open(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) {
    return Error(ErrorCode::kIo, folder.string() + ": cannot create: " + problem.message());
  }
  const fs::path name = folder / "lock";
  const int lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock < 0) {
    return Error(ErrorCode::kIo,
                 name.string() + ": cannot open: " + std::generic_category().message(errno));
  }
  ResultStore store(folder, lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return Error(ErrorCode::kIo, folder.string() + ": another process is writing here");
  }
  remove_leftovers(folder);
  return store;
}

ResultStore::ResultStore(ResultStore&& other) noexcept
    : folder_(std::move(other.folder_)),
      lock_(std::exchange(other.lock_, -1)) {}

ResultStore::~ResultStore() {
  if (lock_ >= 0) ::close(lock_);
}

std::optional<PageResult> ResultStore::find(const std::string& key) const {
  const fs::path path = file_of(folder_, key);
  const auto bytes = read_file(path, kMostBytes);
  if (!bytes) return std::nullopt;
  auto result = from_stored_json(*bytes);
  if (result && result->key == key) return *std::move(result);
  log(LogLevel::kWarning, path.string() + ": damaged, the page is read again");
  return std::nullopt;
}

Result<void> ResultStore::put(const PageResult& result) {
  const fs::path path = file_of(folder_, result.key);
  std::error_code problem;
  fs::create_directories(path.parent_path(), problem);
  if (problem) {
    return Error(ErrorCode::kIo,
                 path.parent_path().string() + ": cannot create: " + problem.message());
  }
  return write_file_atomic(path, to_stored_json(result));
}

}  // namespace lectio
