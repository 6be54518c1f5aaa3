// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/split_patterns.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>
#include <utility>

#include "base/utf8.h"
#include "model/spec/problems.h"

namespace lectio {
namespace {

constexpr std::size_t kMaxExpressions = 16;
constexpr std::size_t kMaxExpressionBytes = 1 << 14;
constexpr std::size_t kMaxJitStack = 1 << 20;
constexpr std::uint32_t kMaxHeapKib = 1 << 16;
constexpr std::uint32_t kMaxNesting = 50;

// Backtracking steps allowed for one search: a few per byte are what the official expressions need
// on their worst texts (a run of blanks is tried by two alternatives).
std::uint32_t step_limit(std::size_t bytes) {
  return static_cast<std::uint32_t>(4096 + 64 * std::min<std::size_t>(bytes, 1 << 24));
}

// PCRE2's \s has U+180E besides White_Space, which the reference's engine does not.
std::string with_unicode_blanks(std::string_view expression) {
  std::string translated;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const bool escape = expression[i] == '\\' && i + 1 < expression.size();
    if (escape && expression[i + 1] == 's') {
      translated += "\\p{White_Space}";
    } else if (escape && expression[i + 1] == 'S') {
      translated += "\\P{White_Space}";
    } else {
      translated += expression.substr(i, escape ? 2 : 1);
    }
    if (escape) ++i;
  }
  return translated;
}

std::string error_text(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

PCRE2_SPTR as_units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

}  // namespace

std::vector<std::string> official_expressions() {
  return {R"(\p{N}{1,3})", "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
          R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)"
          R"(| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
}

struct SplitPatterns::Pattern {
  struct Free {
    void operator()(pcre2_code* expression) const { pcre2_code_free(expression); }
    void operator()(pcre2_compile_context* settings) const { pcre2_compile_context_free(settings); }
  };
  std::unique_ptr<pcre2_code, Free> code;
  bool jit = false;
};

SplitPatterns::SplitPatterns() = default;
SplitPatterns::SplitPatterns(SplitPatterns&&) noexcept = default;
SplitPatterns& SplitPatterns::operator=(SplitPatterns&&) noexcept = default;
SplitPatterns::~SplitPatterns() = default;

Result<SplitPatterns> SplitPatterns::compile(const std::vector<std::string>& expressions) {
  std::vector<std::string> problems;
  if (expressions.size() > kMaxExpressions) {
    problems.push_back("expected at most " + std::to_string(kMaxExpressions) +
                       " expressions, found " + std::to_string(expressions.size()));
    return problems_error(ErrorCode::kInvalidModel, "pre_tokenizer", problems);
  }
  const std::unique_ptr<pcre2_compile_context, Pattern::Free> context(
      pcre2_compile_context_create(nullptr));
  pcre2_set_parens_nest_limit(context.get(), kMaxNesting);
  SplitPatterns patterns;
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    const std::string where = "expression " + std::to_string(i) + ": ";
    if (expressions[i].size() > kMaxExpressionBytes) {
      problems.push_back(where + "expected at most " + std::to_string(kMaxExpressionBytes) +
                         " bytes, found " + std::to_string(expressions[i].size()));
      continue;
    }
    const std::string translated = with_unicode_blanks(expressions[i]);
    int error = 0;
    PCRE2_SIZE offset = 0;
    auto pattern = std::make_unique<Pattern>();
    pattern->code.reset(pcre2_compile(as_units(translated), translated.size(),
                                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error,
                                      &offset, context.get()));
    if (pattern->code == nullptr) {
      problems.push_back(where + error_text(error) + " at byte " + std::to_string(offset) + " of " +
                         translated.substr(0, 200));
      continue;
    }
    // Where the system forbids generated code, the interpreter gives the same answers.
    pattern->jit = pcre2_jit_compile(pattern->code.get(), PCRE2_JIT_COMPLETE) == 0;
    patterns.patterns_.push_back(std::move(pattern));
  }
  if (!problems.empty()) return problems_error(ErrorCode::kInvalidModel, "pre_tokenizer", problems);
  return patterns;
}

struct Splitter::Memory {
  struct Free {
    void operator()(pcre2_match_data* block) const { pcre2_match_data_free(block); }
    void operator()(pcre2_match_context* settings) const { pcre2_match_context_free(settings); }
    void operator()(pcre2_jit_stack* memory) const { pcre2_jit_stack_free(memory); }
  };
  // One pair of offsets: groups are not asked for.
  std::unique_ptr<pcre2_match_data, Free> data{pcre2_match_data_create(1, nullptr)};
  std::unique_ptr<pcre2_match_context, Free> context{pcre2_match_context_create(nullptr)};
  std::unique_ptr<pcre2_jit_stack, Free>
      stack;  // made when 32 KiB of the thread's own do not suffice
};

Splitter::Splitter(const SplitPatterns& patterns, Sink sink)
    : patterns_(patterns),
      sink_(std::move(sink)),
      memory_(std::make_unique<Memory>()),
      given_up_(patterns.patterns_.size()) {
  if (memory_->data == nullptr || memory_->context == nullptr) throw std::bad_alloc();
  pcre2_set_heap_limit(memory_->context.get(), kMaxHeapKib);
}

Splitter::~Splitter() = default;

bool Splitter::search(std::size_t stage, std::string_view text, std::size_t from, Span& found) {
  if (given_up_[stage]) return false;
  const SplitPatterns::Pattern& pattern = *patterns_.patterns_[stage];
  pcre2_match_context* context = memory_->context.get();
  pcre2_set_match_limit(context, step_limit(text.size() - from));
  const auto match = [&] {
    // The text was checked before, and the faster entry has no checks of its own.
    return pattern.jit ? pcre2_jit_match(pattern.code.get(), as_units(text), text.size(), from, 0,
                                         memory_->data.get(), context)
                       : pcre2_match(pattern.code.get(), as_units(text), text.size(), from,
                                     PCRE2_NO_UTF_CHECK, memory_->data.get(), context);
  };
  int result = match();
  if (result == PCRE2_ERROR_JIT_STACKLIMIT && memory_->stack == nullptr) {
    memory_->stack.reset(pcre2_jit_stack_create(kMaxJitStack / 8, kMaxJitStack, nullptr));
    pcre2_jit_stack_assign(context, nullptr, memory_->stack.get());
    result = match();
  }
  if (result < 0) {
    given_up_[stage] = result != PCRE2_ERROR_NOMATCH;
    return false;
  }
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(memory_->data.get());
  found = {offsets[0], offsets[1]};
  // \K in a lookaround can report a match that ends before it begins or starts before the search
  // did.
  return found.begin >= from && found.end >= found.begin;
}

void Splitter::split_from(std::size_t stage, std::string_view text) {
  if (text.empty()) return;
  if (stage == patterns_.patterns_.size()) {
    sink_(text);
    return;
  }
  std::size_t done = 0;
  std::size_t from = 0;
  Span found;
  while (from <= text.size() && search(stage, text, from, found)) {
    split_from(stage + 1, text.substr(done, found.begin - done));
    split_from(stage + 1, text.substr(found.begin, found.end - found.begin));
    done = from = found.end;
    if (found.begin < found.end) continue;
    // An empty match cuts where it stands; the search goes on behind the next character.
    from += from < text.size() ? decode_utf8(text, from).size : 1;
  }
  split_from(stage + 1, text.substr(done));
}

}  // namespace lectio
