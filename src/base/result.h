// SPDX-License-Identifier: Apache-2.0
// Errors as values: what a user's file, prompt or request can cause is a Result; what only a bug
// can cause is LECTIO_CHECK (base/check.h).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace lectio {

// Each code is one exit status of the command line (apps/cli/exit_codes.h) and one HTTP status of a
// server.
enum class ErrorCode {
  kInvalidArgument,  // the request itself is wrong: an option, a mode, a prompt
  kInvalidInput,     // a picture, document or corpus that cannot be used
  kInvalidModel,     // weights, configuration or tokenizer that cannot be used
  kNotFound,         // a path that does not exist
  kIo,               // a path that exists and cannot be read or written (permissions, full disk)
  kTooLarge,         // valid, but over a stated limit
  kUnsupported,      // valid, but not something that this build does
  kEncrypted,        // a document that opens with a password alone
  kMissingProgram,   // a program that the work needs and that is not installed
  kCancelled,        // stopped on request
};

// A failure with a message that names file, field, expected and found.
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  // The same error with "context: " before its message, for the way up.
  Error within(std::string_view context) const;

 private:
  ErrorCode code_;
  std::string message_;
};

// A T or the Error that prevented it. Reading the value of a failed Result throws
// std::bad_variant_access.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() : state_(std::in_place_index<0>) {}
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return state_.index() == 0; }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<std::monostate, Error> state_;
};

}  // namespace lectio

#define LECTIO_CONCAT_INNER(a, b) a##b
#define LECTIO_CONCAT(a, b) LECTIO_CONCAT_INNER(a, b)
// LECTIO_TRY(auto header, read_header(bytes)): the value, or return the error from the enclosing
// function.
#define LECTIO_TRY(declaration, expression)                                                       \
  auto LECTIO_CONCAT(lectio_try_, __LINE__) = (expression);                                       \
  if (!LECTIO_CONCAT(lectio_try_, __LINE__)) return LECTIO_CONCAT(lectio_try_, __LINE__).error(); \
  declaration = *std::move(LECTIO_CONCAT(lectio_try_, __LINE__))
// The same for a Result<void>.
#define LECTIO_TRY_VOID(expression)                                                            \
  do {                                                                                         \
    if (auto lectio_try_void = (expression); !lectio_try_void) return lectio_try_void.error(); \
  } while (false)
