// SPDX-License-Identifier: Apache-2.0
// Open files that close themselves, and bytes as a file that another program can open.
#pragma once

#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace lectio {

// Owns an open file, or -1: none. Movable.
class FileDescriptor {
 public:
  explicit FileDescriptor(int value = -1) : value_(value) {}
  FileDescriptor(FileDescriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~FileDescriptor() { close(); }
  int get() const { return value_; }
  void close() {
    if (value_ >= 0) ::close(std::exchange(value_, -1));
  }

 private:
  int value_;
};

// All bytes to an open file. 0, or the errno of the first failure.
int write_bytes(int file, std::string_view bytes);

// Bytes as a file without a name, for ProgramRequest::input. `name` is for the message; kIo where
// they cannot be kept.
Result<FileDescriptor> anonymous_file(std::string_view bytes, const std::string& name);

}  // namespace lectio
