// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/batch.h"

#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "apps/cli/page_progress.h"
#include "apps/cli/read_stream.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"
#include "ocr/assembly/made_page.h"
#include "pipeline/run_report.h"
#include "pipeline/store.h"

namespace lectio::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kState = ".lectio";
constexpr const char* kReport = "report.json";
constexpr const char* kMarkSchema = "lectio.document_files";
constexpr std::uint64_t kMostMarkBytes = std::uint64_t{1} << 26;
constexpr std::uint64_t kMostFileBytes = std::uint64_t{1} << 34;

// A file as it was written, by size and content.
bool is_unchanged(const fs::path& folder, const Json& entry) {
  const fs::path path = folder / entry.at("name").get<std::string>();
  std::error_code problem;
  const auto size = fs::file_size(path, problem);
  if (problem || size != entry.at("bytes").get<std::uint64_t>()) return false;
  const auto bytes = read_file(path, kMostFileBytes);
  return bytes && sha256_hex(*bytes) == entry.at("sha256").get<std::string>();
}

// The mark says this key, and every file that it names is as it was.
bool mark_holds(const fs::path& mark, const fs::path& folder, const std::string& key) {
  const auto bytes = read_file(mark, kMostMarkBytes);
  if (!bytes) return false;
  try {
    const Json json = Json::parse(*bytes);
    if (json.at("schema") != kMarkSchema || json.at("key") != key) return false;
    for (const Json& entry : json.at("files")) {
      if (!is_unchanged(folder, entry)) return false;
    }
    return true;
  } catch (const Json::exception&) {
    return false;  // damaged: the document is written again
  }
}

// "name.tmp.123", as write_file_atomic leaves it where the process is killed.
bool is_leftover(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::size_t at = name.rfind(".tmp.");
  return at != std::string::npos && at + 5 < name.size() &&
         name.find_first_not_of("0123456789", at + 5) == std::string::npos;
}

template <typename Iterator>
void remove_leftovers(const fs::path& folder) {
  std::error_code problem;
  for (Iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    std::error_code unknown;
    if (is_leftover(at->path())) fs::remove(at->path(), unknown);
  }
}

}  // namespace

struct Batch::Data {
  struct Document {
    std::string key;  // of its pages and of what is made of them; empty until it is opened
    std::vector<std::string> page_keys;
    bool complete = false;
    std::int64_t expected = 0;
    std::int64_t read = 0;
  };

  fs::path folder;
  std::vector<InputFile> inputs;
  std::string output_key;
  ResultStore store;
  RunReport report;
  PageProgress progress;
  bool tells_all;  // no bar is in the way
  RunCode code;
  std::mutex mutex;  // the stages call from several threads
  std::vector<Document> documents;

  Data(fs::path where, const std::vector<InputFile>& files, std::string outputs, ResultStore opened,
       const ReadArguments& arguments)
      : folder(std::move(where)),
        inputs(files),
        output_key(std::move(outputs)),
        store(std::move(opened)),
        report(files),
        progress(arguments.progress),
        tells_all(!progress.is_bar()),
        code(arguments.strict),
        documents(files.size()) {}

  fs::path mark_of(std::size_t input) const {
    const std::string name = sha256_hex(inputs[input].place.generic_string());
    return folder / kState / "documents" / (name + ".json");
  }

  // What was made of a page depends on the formats too.
  fs::path made_of(const std::string& page_key) const {
    const std::string name = sha256_hex(output_key + "\n" + page_key);
    return folder / kState / "made" / (name + ".page");
  }

  std::optional<std::string> made(const std::string& page_key) const {
    const auto bytes = read_file(made_of(page_key), kMostFileBytes);
    return bytes ? made_page_body(*bytes) : std::nullopt;
  }

  // The document's files are all there: nothing is made of its pages again.
  void remove_made(const std::vector<std::string>& page_keys) const {
    std::error_code unknown;
    for (const std::string& key : page_keys) fs::remove(made_of(key), unknown);
  }

  bool is_complete(std::size_t input, const std::vector<std::string>& keys) {
    Sha256 hash;
    hash.add(output_key + "\n");
    for (const std::string& key : keys) hash.add(key + "\n");
    const std::string key = hash.hex();
    const bool complete = mark_holds(mark_of(input), folder, key);
    const std::lock_guard lock(mutex);
    documents[input].key = key;
    documents[input].page_keys = keys;
    documents[input].complete = complete;
    if (complete) remove_made(keys);
    return complete;
  }
};

Batch::Batch(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

Result<Batch> Batch::open(const fs::path& folder, const std::vector<InputFile>& inputs,
                          std::string output_key, const ReadArguments& arguments) {
  LECTIO_TRY(ResultStore store, ResultStore::open(folder / kState / "pages"));
  std::error_code problem;
  fs::create_directories(folder / kState / "documents", problem);
  if (!problem) fs::create_directories(folder / kState / "made", problem);
  if (problem) {
    return Error(ErrorCode::kIo, folder.string() + ": cannot create: " + problem.message());
  }
  // Only where this run writes: the folder itself, its documents' folders and their marks.
  remove_leftovers<fs::directory_iterator>(folder);
  remove_leftovers<fs::directory_iterator>(folder / kState / "documents");
  remove_leftovers<fs::directory_iterator>(folder / kState / "made");
  for (const InputFile& input : inputs) {
    remove_leftovers<fs::recursive_directory_iterator>(folder / input.place);
  }
  return Batch(
      std::make_unique<Data>(folder, inputs, std::move(output_key), std::move(store), arguments));
}

void Batch::connect(PipelineStages& stages) {
  stages.known = [data = data_.get()](const std::string& key) { return data->store.find(key); };
  stages.is_complete = [data = data_.get()](std::size_t input,
                                            const std::vector<std::string>& keys) {
    return data->is_complete(input, keys);
  };
  stages.made = [data = data_.get()](const std::string& key) { return data->made(key); };
  stages.on_document = [data = data_.get()](std::size_t input, std::int64_t pages) {
    const std::lock_guard lock(data->mutex);
    data->report.expect(input, pages);
    data->documents[input].expected = pages;
  };
}

Result<bool> Batch::add(const PageResult& result) {
  Data& data = *data_;
  const bool read = is_read(result.reading.verdict);
  if (read && !result.from_store) LECTIO_TRY_VOID(data.store.put(result));
  const std::lock_guard lock(data.mutex);
  data.report.add(result);
  data.code.add(result);
  data.progress.clear();
  const Verdict verdict = result.reading.verdict;
  const bool good = verdict == Verdict::kOk || verdict == Verdict::kBlank;
  if (!result.from_store && (!good || data.tells_all)) tell(result);
  data.progress.page(result, data.report);
  data.documents[result.input].read += read ? 1 : 0;
  return data.documents[result.input].complete;
}

Result<void> Batch::finish_document(std::size_t input, const std::vector<fs::path>& files) {
  Data::Document document;
  {
    const std::lock_guard lock(data_->mutex);
    document = data_->documents[input];
  }
  // A page that failed is tried again by the next run.
  if (document.key.empty() || document.read != document.expected) return {};
  Json entries = Json::array();
  for (const fs::path& file : files) {
    LECTIO_TRY(const std::string bytes, read_file(file, kMostFileBytes));
    entries.push_back({{"name", file.lexically_relative(data_->folder).generic_string()},
                       {"bytes", bytes.size()},
                       {"sha256", sha256_hex(bytes)}});
  }
  const Json json = {{"schema", kMarkSchema},
                     {"schema_version", 1},
                     {"source", data_->inputs[input].path.string()},
                     {"key", document.key},
                     {"files", std::move(entries)}};
  LECTIO_TRY_VOID(write_file_atomic(
      data_->mark_of(input), json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
  data_->remove_made(document.page_keys);
  return {};
}

Result<void> Batch::keep_made(std::size_t input, const std::string& key, const std::string& made) {
  {
    const std::lock_guard lock(data_->mutex);
    // One page is made and written at once.
    if (data_->documents[input].expected < 2) return {};
  }
  return write_file_atomic(data_->made_of(key), made);
}

Result<int> Batch::finish(bool interrupted) {
  Data& data = *data_;
  data.progress.clear();
  const std::int64_t reached = data.report.pages();
  data.report.close();
  const int code = interrupted ? kExitCancelled : data.code.code();
  LECTIO_TRY_VOID(write_file_atomic(data.folder / kReport,
                                    data.report.to_json("lectio " LECTIO_VERSION, code)));
  if (data.report.pages() > reached) {
    log(LogLevel::kWarning, std::to_string(data.report.pages() - reached) +
                                " pages or documents were not reached; the next run goes on there");
  }
  log(LogLevel::kInfo,
      "pages by verdict (" + (data.folder / kReport).string() + ")\n" + data.report.summary());
  return code;
}

}  // namespace lectio::cli
