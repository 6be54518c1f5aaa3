// SPDX-License-Identifier: Apache-2.0
#include "train/inputs.h"

#include <span>
#include <string_view>

#include "base/file.h"
#include "base/log.h"
#include "model/tokenizer/bpe_trainer.h"

namespace lectio::train {
namespace {

// The official prompts (spec 6.2) behind the image.
constexpr const char* kTextPrompt = "\nFree OCR.";
constexpr const char* kMarkdownPrompt = "\n<|grounding|>Convert the document to markdown.";

// What draws pages with one set of fonts and one side of the corpus.
struct Factories {
  PrintFactory prints;
  documents::DocumentFactory document_prints;
};

Result<Factories> open_factories(const std::filesystem::path& fonts,
                                 const std::shared_ptr<const Corpus>& corpus, Corpus::Split split) {
  LECTIO_TRY(std::vector<FontRef> opened, open_fonts(fonts));
  LECTIO_TRY(PrintFactory prints, PrintFactory::create(opened, corpus, split));
  LECTIO_TRY(documents::DocumentFactory document_prints,
             documents::DocumentFactory::create(std::move(opened), corpus, split));
  return Factories{std::move(prints), std::move(document_prints)};
}

Result<std::string> find_tokenizer(const TrainOptions& options, const Recipe& recipe,
                                   const Corpus& corpus) {
  for (const std::filesystem::path& folder : {options.out, options.init_from}) {
    if (!folder.empty() && std::filesystem::exists(folder / "tokenizer.json")) {
      return read_file(folder / "tokenizer.json");
    }
  }
  log(LogLevel::kInfo, "training a tokenizer of " + std::to_string(recipe.vocabulary) + " tokens");
  BpeTraining training;
  training.vocabulary = recipe.vocabulary;
  const std::string_view text = corpus.text(Corpus::Split::kTrain);
  return train_bpe(std::span(&text, 1), training);
}

}  // namespace

struct Inputs::Data {
  Data(Factories seen_pages, Factories unseen_pages, Tokenizer loaded, std::string json)
      : seen_factories(std::move(seen_pages)),
        unseen_factories(std::move(unseen_pages)),
        tokenizer(std::move(loaded)),
        tokenizer_json(std::move(json)),
        seen(maker(seen_factories)),
        unseen(maker(unseen_factories)) {}

  BatchMaker maker(const Factories& factories) const {
    return {factories.prints, factories.document_prints, tokenizer, tokenizer.encode(kTextPrompt),
            tokenizer.encode(kMarkdownPrompt)};
  }

  Factories seen_factories, unseen_factories;
  Tokenizer tokenizer;
  std::string tokenizer_json;
  BatchMaker seen, unseen;
};

Result<Inputs> Inputs::open(const TrainOptions& options, const Recipe& recipe) {
  LECTIO_TRY(Corpus opened, Corpus::open(options.corpus));
  const auto corpus = std::make_shared<const Corpus>(std::move(opened));
  LECTIO_TRY(std::string json, find_tokenizer(options, recipe, *corpus));
  LECTIO_TRY(Tokenizer tokenizer, Tokenizer::from_json(json, "tokenizer.json"));
  LECTIO_TRY_VOID(write_file_atomic(options.out / "tokenizer.json", json));
  LECTIO_TRY(Factories seen, open_factories(options.fonts, corpus, Corpus::Split::kTrain));
  LECTIO_TRY(Factories unseen,
             open_factories(options.unseen_fonts, corpus, Corpus::Split::kHeldOut));
  return Inputs(std::make_unique<Data>(std::move(seen), std::move(unseen), std::move(tokenizer),
                                       std::move(json)));
}

Inputs::Inputs(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Inputs::Inputs(Inputs&&) noexcept = default;
Inputs& Inputs::operator=(Inputs&&) noexcept = default;
Inputs::~Inputs() = default;

const BatchMaker& Inputs::seen() const { return data_->seen; }
const BatchMaker& Inputs::unseen() const { return data_->unseen; }
const std::string& Inputs::tokenizer_json() const { return data_->tokenizer_json; }
std::int64_t Inputs::vocabulary() const { return data_->tokenizer.size(); }

}  // namespace lectio::train
