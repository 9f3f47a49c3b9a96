#include "data/tokenize_corpus.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "base/stopwatch.hpp"
#include "data/dataset_files.hpp"
#include "data/dataset_writer.hpp"
#include "data/default_splits.hpp"
#include "data/given_tokenizer.hpp"
#include "data/index_room.hpp"
#include "data/tokenizer_training.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/tokenizer_file.hpp"
#include "tokenizer/vocabulary_builder.hpp"
#include "tokenizer/words.hpp"

namespace moelm {

namespace {

[[noreturn]] void refuse_option(const std::string& message) { throw Error(Exit::usage, message); }

void check_sizes(const TokenizeOptions& options, TokenizerKind kind) {
  const bool sized = options.vocabulary_size || options.min_count;
  if (kind == TokenizerKind::byte && sized) refuse_option("--vocab-size and --min-count: byte always has 257 tokens");
  const Index min = kind == TokenizerKind::bpe ? kByteTokens + 1 : 2;
  if (options.vocabulary_size.value_or(min) < min)
    refuse_option("--vocab-size: expected at least " + std::to_string(min) + ", found " +
                  std::to_string(*options.vocabulary_size));
  const Index max = kind == TokenizerKind::bpe ? min + kMaxMerges : kMaxTypes;
  if (options.vocabulary_size.value_or(min) > max)
    refuse_option("--vocab-size: expected at most " + std::to_string(max) + ", found " +
                  std::to_string(*options.vocabulary_size));
  const bool words = kind == TokenizerKind::text || kind == TokenizerKind::word;
  if (options.lowercase && !words) refuse_option("--lowercase: only for text and word; byte and bpe keep every byte");
}

void check_options(const TokenizeOptions& options) {
  if (options.out.empty()) refuse_option("--out: expected a folder");
  if (options.train.empty()) refuse_option("--train: expected at least one file");
  Index standard_inputs = options.vocabulary == "-" ? 1 : 0;
  for (const auto* paths : {&options.train, &options.valid, &options.test})
    standard_inputs += std::count(paths->begin(), paths->end(), "-");
  if (standard_inputs > 1) refuse_option("standard input (-) can be read once only");
  require_readable_index(options);
  const bool given = !options.vocabulary.empty();
  if (given && (options.vocabulary_size || options.min_count))
    refuse_option("--vocab: the vocabulary is given, so --vocab-size and --min-count do not apply");
  if (given && names_tokenizer(options.vocabulary)) {
    if (options.lowercase) refuse_option("--lowercase: --vocab " + options.vocabulary + " says whether case is kept");
    return;
  }
  const TokenizerKind kind = options.kind.value_or(TokenizerKind::text);
  if (given && (kind == TokenizerKind::byte || kind == TokenizerKind::bpe))
    refuse_option("--vocab: a list of words is for text and word, found --tokenizer " + std::string(enum_name(kind)));
  check_sizes(options, kind);
}

/// Counts the tokens of raw text. For bpe without a tokenizer it counts the words, which are all that is known.
TokenCount counter_of(TokenizerKind kind, const Tokenizer* tokenizer) {
  if (kind == TokenizerKind::byte)
    return [](std::string_view text, std::vector<Index>& ends) {
      for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1))
        ends.push_back(static_cast<Index>(end) + 1);
      return text.size();
    };
  if (kind == TokenizerKind::bpe && tokenizer != nullptr)
    return [tokenizer](std::string_view text, std::vector<Index>& ends) {
      EncodedText encoded;
      tokenizer->encode(text, encoded);
      ends = encoded.line_ends;
      return encoded.tokens();
    };
  return [split = splitter_of(kind)](std::string_view text, std::vector<Index>& ends) {
    std::vector<Word> words;
    split(text, words);
    for (std::size_t i = 0; i < words.size(); ++i)
      if (words[i].is_line_end() || text[words[i].begin] == '\n') ends.push_back(static_cast<Index>(i) + 1);
    return words.size();
  };
}

/// Adds its lifetime to a sum.
class Timer {
 public:
  explicit Timer(double& seconds) : seconds_(seconds) {}
  ~Timer() { seconds_ += watch_.seconds(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  double& seconds_;
  Stopwatch watch_;
};

/// The steps of the work and what they leave for each other.
class TokenizationJob {
 public:
  TokenizationJob(const TokenizeOptions& options, Context& context, const JobCallbacks& callbacks)
      : options_(options),
        context_(context),
        callbacks_(callbacks),
        pipeline_(context, callbacks),
        folder_(options.out, kDataFolder) {
    if (!options.vocabulary.empty() && names_tokenizer(options.vocabulary)) load_given_tokenizer();
    open(options.train, Split::train, train_);
    open(options.valid, Split::valid, others_);
    open(options.test, Split::test, others_);
  }

  TokenizeResult run() {
    const TokenizerKind kind = this->kind();
    result_.valid_held_back = options_.valid.empty();
    result_.test_held_back = options_.test.empty();
    hold_back(counter_of(kind, tokenizer_.get()));
    if (!tokenizer_) {
      make_tokenizer(kind);
      // Only now is the number of bpe tokens known.
      if (kind == TokenizerKind::bpe) hold_back(counter_of(kind, tokenizer_.get()));
    }
    encode();
    return std::move(result_);
  }

 private:
  TokenizerKind kind() const { return tokenizer_ ? tokenizer_->kind() : options_.kind.value_or(TokenizerKind::text); }

  void open(const std::vector<std::string>& paths, Split split, std::vector<InputText>& inputs) {
    const TextBytes bytes = text_bytes(kind());
    for (const std::string& path : paths) inputs.emplace_back(path, split, folder_.working_path(), callbacks_, bytes);
  }

  void load_given_tokenizer() {
    GivenTokenizer given = read_given_tokenizer(options_.vocabulary);
    files_ = std::move(given.files);
    tokenizer_ = std::move(given.tokenizer);
    result_.vocabulary_notes = std::move(given.notes);
    if (options_.kind && *options_.kind != tokenizer_->kind())
      refuse_option("--tokenizer " + std::string(enum_name(*options_.kind)) + ": --vocab " + options_.vocabulary +
                    " is a " + std::string(enum_name(tokenizer_->kind())) + " tokenizer; leave --tokenizer out");
  }

  void hold_back(const TokenCount& count) {
    if (!result_.valid_held_back && !result_.test_held_back) return;
    const Timer timer(result_.split_seconds);
    hold_back_ends(train_, result_.valid_held_back, result_.test_held_back, count, pipeline_);
  }

  void make_tokenizer(TokenizerKind kind) {
    double nothing = 0;  // byte needs no counting
    const Timer timer(kind == TokenizerKind::byte ? nothing : result_.counting_seconds);
    const TokenizerOptions wanted = {kind, options_.lowercase, options_.vocabulary_size.value_or(0),
                                     options_.min_count.value_or(0), options_.vocabulary};
    tokenizer_ = train_tokenizer(train_, with_defaults(wanted), folder_.working_path(), pipeline_);
    if (!options_.vocabulary.empty()) match_word_list();
  }

  /// Counts the words of a list that splitting a text can never give.
  void match_word_list() {
    result_.listed_words = 0;
    Index replaced = 0;
    std::vector<Word> words;
    for (std::int32_t id = 0; id < tokenizer_->vocabulary_size(); ++id) {
      if (id == tokenizer_->end_id() || id == tokenizer_->unknown_id()) continue;
      const std::string text = tokenizer_->token_text(id);
      ++result_.listed_words;
      replaced += text.find("\xEF\xBF\xBD") != std::string::npos ? 1 : 0;
      words.clear();
      splitter_of(tokenizer_->kind())(text, words);
      if (words.size() == 1 && words[0].in(text) == text) continue;
      constexpr std::size_t kShown = 40;
      if (result_.unmatched_words++ == 0) result_.unmatched_example = text.substr(0, kShown);
    }
    if (replaced > 0)
      result_.vocabulary_notes.push_back(format_counted(replaced, "word") + " of --vocab" +
                                         (replaced == 1 ? " has" : " have") +
                                         " U+FFFD in the place of what is no UTF-8; if the file is Latin-1: iconv -f "
                                         "WINDOWS-1252 -t UTF-8");
  }

  void encode() {
    const Timer timer(result_.encoding_seconds);
    const std::string& directory = folder_.working_path();
    DatasetWriter writer(directory, *tokenizer_, context_);
    for (InputText& input : train_) writer.add(input, pipeline_);
    for (InputText& input : others_) writer.add(input, pipeline_);
    DataIndex index = writer.finish();
    if (index.split(Split::train).tokens == 0)
      throw Error(Exit::bad_data, options_.train.front() + ": expected training text, found none");
    if (!files_) files_ = tokenizer_files(*tokenizer_, writer.training_counts());
    index.tokenizer_sha256 = files_->sha256();
    const std::int32_t unknown = tokenizer_->unknown_id();
    result_.unknown_unseen = unknown >= 0 && writer.training_counts()[unknown] == 0;
    const std::string index_text = index_file_text(index);
    result_.checksum = sha256_hex(index_text);
    // A folder that our own readers would refuse is not published.
    parse_tokenizer(*files_, directory);
    parse_data_index(index_text, join_path(directory, kIndexFile));
    write_tokenizer(directory, *files_);
    write_file_atomic(join_path(directory, kIndexFile), index_text);
    result_.index = std::move(index);
    folder_.publish();
  }

  const TokenizeOptions& options_;
  Context& context_;
  const JobCallbacks& callbacks_;
  BlockPipeline pipeline_;
  OutputFolder folder_;
  std::vector<InputText> train_, others_;
  std::optional<TokenizerFiles> files_;  ///< of a given tokenizer from the start, else written at the end
  std::unique_ptr<Tokenizer> tokenizer_;
  TokenizeResult result_;
};

}  // namespace

TokenizeResult tokenize_corpus(const TokenizeOptions& options, Context& context, const JobCallbacks& callbacks) {
  check_options(options);
  TokenizeResult result;
  double seconds = 0;
  {
    const Timer timer(seconds);
    result = TokenizationJob(options, context, callbacks).run();
  }
  result.seconds = seconds;
  return result;
}

}  // namespace moelm
