// SPDX-License-Identifier: Apache-2.0
// An opened model with its threads, as a command asks for it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "apps/cli/arguments.h"
#include "apps/cli/exit_codes.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "ocr/engine/engine.h"
#include "ocr/reader/careful.h"

namespace lectio::cli {

struct Session {
  std::unique_ptr<ThreadPool> pool;
  Engine engine;
  ReadOptions options;  // of every page
  std::filesystem::path model;
  std::string kernels;
};

// By --kernels. kInvalidArgument, with the names that there are.
Result<const kernels::Table*> find_kernels(const std::string& name);

// kInvalidArgument for kernels that are not there, kInvalidModel for everything that is wrong with
// the model.
Result<Session> open_session(const ReadingArguments& arguments, std::stop_token stop);
// What `read` reads with. Where the text of documents is all that is asked for, none: no model is
// looked for.
Result<std::optional<Session>> open_session_to_read(const ReadArguments& arguments,
                                                    std::stop_token stop);

// How `read` asks: with watch for loops and other attempts, as the arguments say.
CarefulOptions careful_options(const Session& session, const ReadArguments& arguments);
// Everything that decides a page's text beside the page itself, in words.
Result<std::string> reading_key(const std::optional<Session>& session,
                                const ReadArguments& arguments);

// What became of a page: its text, or the code and the reason.
struct PageOutcome {
  PageText text;
  ExitCode code = kExitOk;
  std::string error;
};

// The page job: whatever is thrown while a page is opened and read, out of memory included, fails
// this page alone.
PageOutcome attempt(const std::function<Result<PageText>()>& job);
// The same for a reader that gives a result: whatever went wrong is an error with its message.
Result<PageText> attempt_page(const std::function<Result<PageText>()>& job);
// The loaded model as the reader of a suite: each page an attempt of its own. `session` must
// outlive it.
PageReader page_reader(Session& session);
// Reads a page as `read` does unless it is told otherwise. `session` must outlive it.
std::function<Result<PageReading>(const Page&)> careful_reader(Session& session,
                                                               const ReadingArguments& arguments);

double tokens_a_second(std::int64_t tokens, double milliseconds);  // 0 for no time

// "base, 273 vision tokens; 812 tokens, stop; 1.32 s: views 0.02, encode 0.80, prefill 0.20 (1400.0
// tokens/s), decode 0.30 (2706.7 tokens/s); peak memory 0.21 GB"
std::string summary_of(const PageText& text);

}  // namespace lectio::cli
