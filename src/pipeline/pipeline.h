// SPDX-License-Identifier: Apache-2.0
// Many documents, page by page: while one page is read, the next are decoded or rendered and looked
// at, and the last is written away. Memory holds a few pages, however many there are.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "ocr/ink/ink.h"
#include "ocr/pages/page.h"
#include "ocr/reader/careful.h"
#include "ocr/sources/inputs.h"
#include "ocr/sources/page_selection.h"
#include "ocr/sources/source.h"

namespace lectio {

enum class PageFailure {
  kNone,
  kError,     // PageResult::error says which
  kMemory,    // out of memory
  kInternal,  // a bug: an exception of another kind
};

// What became of one page. Every selected page of every document gives one, in order; a document
// that cannot be opened gives one for all of it.
struct PageResult {
  std::size_t input = 0;   // place in the list of inputs
  std::int64_t page = -1;  // in its document, from 0; -1: the document could not be opened
  std::string source;      // its name
  std::string key;         // of its content and how it is read (page_key); empty if not known
  std::int64_t width = 0;  // pixels; 0 where it was not opened
  std::int64_t height = 0;
  PageReading reading;
  PageFailure failure = PageFailure::kNone;  // the message is in reading.evidence.error
  std::optional<ErrorCode> error;
  bool from_store = false;  // read by an earlier run
  // What an earlier run made of the page for its document (PipelineStages::made).
  std::optional<std::string> made;
  std::optional<Page> picture;  // where PipelineOptions::keep_pictures asks for it
};

struct PipelineOptions {
  SourceOptions sources;
  PageSelection pages;
  std::string reading_key;     // everything that decides a text beside the page's pixels
  bool keep_pictures = false;  // hand the page on with its result
  std::size_t ahead = 3;       // pages that wait between two stages
  std::int64_t ahead_bytes = std::int64_t{256} << 20;
  // Threads that read pages at the same time, the caller's among them. Pages that are being read or
  // wait for the result of one before them are at most twice as many, with ahead_bytes of pictures
  // and one more page.
  std::size_t readers = 1;
  std::stop_token stop;
};

// What the pipeline is made of. open, known: the thread that prepares pages; read: the caller's, or
// several at once where there are several readers; on_begin: whichever reads the page, one at a
// time and in order; on_page: likewise, or a thread of its own if `write_behind`.
struct PipelineStages {
  // An opened input; the default is open_source. For standard input and for tests.
  std::function<Result<std::unique_ptr<PageSource>>(const InputFile&)> open;
  // A result of an earlier run; may be empty.
  std::function<std::optional<PageResult>(const std::string& key)> known;
  // Called before the page is read; may be empty.
  std::function<void(const PageResult&)> on_begin;
  std::function<Result<PageReading>(const Page&, const InkReport&)> read;
  // An error ends the run.
  std::function<Result<void>(PageResult)> on_page;
  // How many pages of an input there are to read; may be empty.
  std::function<void(std::size_t input, std::int64_t pages)> on_document;
  // Whether everything that comes of these pages is there already, so that results of an earlier
  // run need no picture; may be empty: never.
  std::function<bool(std::size_t input, const std::vector<std::string>& keys)> is_complete;
  // Whatever a document needs of this page's picture, where an earlier run kept it: its result
  // needs no picture then and takes it along. May be empty: never.
  std::function<std::optional<std::string>(const std::string& key)> made;
  bool write_behind = false;
};

// The error of on_page, if any, or of a page that would fail every page alike (kInvalidArgument,
// kInvalidModel). Where a stop was requested, pages that were not reached give no result.
// Exceptions of a page's work, out of memory included, fail that page.
Result<void> run_pipeline(const std::vector<InputFile>& inputs, const PipelineOptions& options,
                          const PipelineStages& stages);

// Names a page's result: a hash of the file's bytes, the page, how it is rendered and how it is
// read. Equal keys give equal texts.
std::string page_key(const PageSource& source, std::int64_t page, std::string_view reading_key);

}  // namespace lectio
