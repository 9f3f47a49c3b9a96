#include "tokenizer/bpe_tokenizer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.hpp"
#include "tokenizer/byte_pieces.hpp"
#include "tokenizer/pair_table.hpp"
#include "tokenizer/word_table.hpp"

namespace moelm {

namespace {

/// The pieces of one word while they are merged: their ids, and the merge of each with its successor.
class MergedWord {
 public:
  MergedWord(std::string_view word, const PairTable& pairs) : pairs_(pairs) {
    ensure(word.size() <= kMaxBpeWordBytes, "words of bpe have a maximum length");
    for (const char c : word) push(static_cast<unsigned char>(c), kNoMerge, true);
    while (best_ != kNoMerge) merge_best();
  }

  std::span<const std::int32_t> ids() const { return std::span(ids_).first(size_); }

 private:
  /// Appends a piece. If its left neighbour is `fresh`, their merge is looked up.
  void push(std::int32_t id, std::int32_t next, bool fresh) {
    if (size_ > 0) {
      if (fresh) next_[size_ - 1] = pairs_.find(ids_[size_ - 1], id);
      best_ = std::min(best_, next_[size_ - 1]);
    }
    ids_[size_] = id;
    next_[size_++] = next;
  }

  /// Applies the earliest possible merge wherever it fits, from the left.
  void merge_best() {
    const std::int32_t merge = std::exchange(best_, kNoMerge);
    const std::size_t size = std::exchange(size_, 0);
    next_[size - 1] = kNoMerge;
    bool after_joined = false;
    for (std::size_t i = 0; i < size;) {
      const bool joined = next_[i] == merge;
      push(joined ? merge : ids_[i], next_[i], joined || after_joined);
      after_joined = joined;
      i += joined ? 2 : 1;
    }
  }

  const PairTable& pairs_;
  std::size_t size_ = 0;
  std::int32_t best_ = kNoMerge;  // the minimum of next_
  std::array<std::int32_t, kMaxBpeWordBytes> ids_, next_;
};

class BpeTokenizer final : public Tokenizer {
 public:
  BpeTokenizer(std::vector<Merge> merges, std::vector<Index> counts, BpeWords words)
      : merges_(std::move(merges)),
        counts_(std::move(counts)),
        words_(words),
        pairs_(static_cast<Index>(merges_.size())) {
    pieces_.reserve(merges_.size() + kByteTokens);
    for (std::int32_t byte = 0; byte < kByteTokens; ++byte) add_piece(std::string(1, static_cast<char>(byte)));
    for (const Merge& merge : merges_) {
      const auto id = static_cast<std::int32_t>(pieces_.size());
      ensure(merge[0] >= 0 && merge[0] < id && merge[1] >= 0 && merge[1] < id, "a merge joins smaller ids");
      add_piece(pieces_[merge[0]] + pieces_[merge[1]]);
      ensure(pairs_.add(merge[0], merge[1], id), "no pair is merged twice");
    }
  }

  const std::vector<Merge>& merges() const { return merges_; }
  BpeWords words() const { return words_; }
  std::vector<std::int32_t> merged(std::string_view word) const {
    const MergedWord pieces(word, pairs_);
    return {pieces.ids().begin(), pieces.ids().end()};
  }

  TokenizerKind kind() const override { return TokenizerKind::bpe; }
  Index vocabulary_size() const override { return static_cast<Index>(pieces_.size()) + 1; }
  std::int32_t end_id() const override { return static_cast<std::int32_t>(pieces_.size()); }
  std::int32_t line_end_id() const override { return '\n'; }
  Index count(std::int32_t id) const override { return counts_[id]; }
  std::string token_text(std::int32_t id) const override {
    return id == end_id() ? std::string(kEndText) : pieces_[id];
  }

  void end_line(EncodedText& out) const override { out.line_ends.push_back(out.tokens()); }
  void end_document(EncodedText& out) const override { push_document_end(end_id(), out); }

  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string text;
    for (const std::int32_t id : ids)
      if (id != end_id()) text += pieces_[id];
    return text;
  }

 protected:
  void encode_block(std::string_view text, EncodedText& out) const override {
    measure_kept_bytes(text, out);
    std::vector<Word> words;
    words_ == BpeWords::gpt2 ? split_gpt2(text, words) : split_bpe(text, words);
    std::vector<std::int32_t> numbers(words.size());
    piece_numbers_.find_all(text, words, numbers.data());
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string_view word = words[i].in(text);
      if (numbers[i] >= 0)
        push_piece(piece_ids_[numbers[i]], word, out);
      else
        push_pieces(MergedWord(word, pairs_).ids(), out);
      if (word[0] == '\n') out.line_ends.push_back(out.tokens());
    }
  }

 private:
  void push_pieces(std::span<const std::int32_t> ids, EncodedText& out) const {
    out.ids.insert(out.ids.end(), ids.begin(), ids.end());
    out.flags.resize(out.ids.size(), TokenFlag::plain);
    if (!out.keep_surface) return;
    for (const std::int32_t id : ids) push_surface(pieces_[id], out);
  }

  void add_piece(std::string piece) {
    // Two merges may give the same bytes. A whole word becomes the first one.
    if (piece_numbers_.find(piece) < 0) {
      piece_numbers_.add(piece);
      piece_ids_.push_back(static_cast<std::int32_t>(pieces_.size()));
    }
    pieces_.push_back(std::move(piece));
  }

  std::vector<Merge> merges_;
  std::vector<Index> counts_;
  BpeWords words_;
  std::vector<std::string> pieces_;
  WordTable piece_numbers_;
  std::vector<std::int32_t> piece_ids_;
  PairTable pairs_;
};

const BpeTokenizer& as_bpe(const Tokenizer& tokenizer) {
  ensure(tokenizer.kind() == TokenizerKind::bpe, "only bpe has merges");
  return static_cast<const BpeTokenizer&>(tokenizer);
}

}  // namespace

std::unique_ptr<Tokenizer> make_bpe_tokenizer(std::vector<Merge> merges, std::vector<Index> counts, BpeWords words) {
  ensure(counts.size() == merges.size() + kByteTokens + 1, "a count for every token");
  return std::make_unique<BpeTokenizer>(std::move(merges), std::move(counts), words);
}

const std::vector<Merge>& bpe_merges(const Tokenizer& tokenizer) { return as_bpe(tokenizer).merges(); }

BpeWords bpe_words(const Tokenizer& tokenizer) { return as_bpe(tokenizer).words(); }

std::vector<std::int32_t> merged_pieces(const Tokenizer& tokenizer, std::string_view word) {
  return as_bpe(tokenizer).merged(word);
}

}  // namespace moelm
