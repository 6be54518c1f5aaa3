// SPDX-License-Identifier: Apache-2.0
// What the process says when it ends. The numbers up to 15 are OCRmyPDF's where the meaning is the
// same, 64 is sysexits' EX_USAGE, 130 is a shell's for Ctrl-C. Frozen: scripts depend on them.
#pragma once

#include "base/result.h"

namespace lectio::cli {

enum ExitCode : int {
  kExitOk = 0,
  kExitInput = 2,           // a page or text that is missing, damaged or too large
  kExitMissingProgram = 3,  // what PDF files are opened with is not installed
  kExitFileAccess =
      5,               // a path that cannot be read or written: permissions, full disk, closed pipe
  kExitEncrypted = 8,  // a document that opens with a password alone
  kExitSomePagesFailed = 11,
  kExitAllPagesFailed = 12,  // of several; a single page gives its own code
  kExitModel = 13,           // configuration, weights or tokenizer that cannot be used
  kExitMemory = 14,          // device or memory
  kExitOther = 15,
  kExitNotVerified = 20,  // numbers that are not the golden ones
  kExitUsage = 64,
  kExitCancelled = 130,
};

// The code of an error that a page, a text or an output caused. Whatever goes wrong while a model
// is opened is kExitModel instead.
constexpr ExitCode exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return kExitUsage;
    case ErrorCode::kInvalidInput:
    case ErrorCode::kNotFound:
    case ErrorCode::kTooLarge:
    case ErrorCode::kUnsupported:
      return kExitInput;
    case ErrorCode::kInvalidModel:
      return kExitModel;
    case ErrorCode::kIo:
      return kExitFileAccess;
    case ErrorCode::kEncrypted:
      return kExitEncrypted;
    case ErrorCode::kMissingProgram:
      return kExitMissingProgram;
    case ErrorCode::kCancelled:
      return kExitCancelled;
  }
  return kExitOther;
}

}  // namespace lectio::cli
