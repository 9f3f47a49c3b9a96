#include "data/bpe_tokenizer.hpp"

#include <limits>
#include <unordered_map>
#include <utility>

#include "base/check.hpp"
#include "data/byte_pieces.hpp"
#include "data/word_table.hpp"

namespace moelm {

namespace {

constexpr std::int32_t kBytes = 256;
constexpr std::int32_t kNoMerge = std::numeric_limits<std::int32_t>::max();

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

class BpeTokenizer final : public Tokenizer {
 public:
  BpeTokenizer(std::vector<Merge> merges, std::vector<Index> counts)
      : merges_(std::move(merges)), counts_(std::move(counts)) {
    pair_ids_.reserve(merges_.size());
    pieces_.reserve(merges_.size() + kBytes);
    for (std::int32_t byte = 0; byte < kBytes; ++byte) add_piece(std::string(1, static_cast<char>(byte)));
    for (const Merge& merge : merges_) {
      const auto id = static_cast<std::int32_t>(pieces_.size());
      ensure(merge[0] >= 0 && merge[0] < id && merge[1] >= 0 && merge[1] < id, "a merge joins smaller ids");
      add_piece(pieces_[static_cast<std::size_t>(merge[0])] + pieces_[static_cast<std::size_t>(merge[1])]);
      ensure(pair_ids_.emplace(pair_key(merge[0], merge[1]), id).second, "no pair is merged twice");
    }
  }

  const std::vector<Merge>& merges() const { return merges_; }

  TokenizerKind kind() const override { return TokenizerKind::bpe; }
  Index vocabulary_size() const override { return static_cast<Index>(pieces_.size()) + 1; }
  std::int32_t end_id() const override { return static_cast<std::int32_t>(pieces_.size()); }
  std::int32_t line_end_id() const override { return '\n'; }
  Index count(std::int32_t id) const override { return counts_[static_cast<std::size_t>(id)]; }
  std::string token_text(std::int32_t id) const override {
    return id == end_id() ? std::string(kEndText) : pieces_[static_cast<std::size_t>(id)];
  }

  void end_line(EncodedText& out) const override { out.line_ends.push_back(out.tokens()); }
  void end_document(EncodedText& out) const override { push_document_end(end_id(), out); }

  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string text;
    for (const std::int32_t id : ids)
      if (id != end_id()) text += pieces_[static_cast<std::size_t>(id)];
    return text;
  }

 protected:
  void encode_block(std::string_view text, EncodedText& out) const override {
    measure_kept_bytes(text, out);
    std::vector<Word> words;
    split_bpe(text, words);
    std::vector<std::int32_t> ids;
    for (const Word& word : words) {
      encode_word(word.in(text), ids, out);
      if (text[word.begin] == '\n') out.line_ends.push_back(out.tokens());
    }
  }

 private:
  void add_piece(std::string piece) {
    // Two merges may spell the same bytes; the first one is what a whole word becomes.
    if (piece_numbers_.find(piece) < 0) {
      piece_numbers_.add(piece);
      piece_ids_.push_back(static_cast<std::int32_t>(pieces_.size()));
    }
    pieces_.push_back(std::move(piece));
  }

  void encode_word(std::string_view word, std::vector<std::int32_t>& ids, EncodedText& out) const {
    const Index whole = piece_numbers_.find(word);
    if (whole >= 0) return push_piece(piece_ids_[static_cast<std::size_t>(whole)], word, out);
    ids.clear();
    for (const char c : word) ids.push_back(static_cast<unsigned char>(c));
    while (merge_best(ids)) continue;
    for (const std::int32_t id : ids) push_piece(id, pieces_[static_cast<std::size_t>(id)], out);
  }

  /// Applies the earliest merge that fits anywhere, everywhere it fits. Words are short, so looking is cheap.
  bool merge_best(std::vector<std::int32_t>& ids) const {
    std::int32_t best = kNoMerge;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto found = pair_ids_.find(pair_key(ids[i], ids[i + 1]));
      if (found != pair_ids_.end() && found->second < best) best = found->second;
    }
    if (best == kNoMerge) return false;
    const Merge& pair = merges_[static_cast<std::size_t>(best - kBytes)];
    std::size_t kept = 0;
    for (std::size_t i = 0; i < ids.size(); ++kept) {
      const bool joined = i + 1 < ids.size() && ids[i] == pair[0] && ids[i + 1] == pair[1];
      ids[kept] = joined ? best : ids[i];
      i += joined ? 2 : 1;
    }
    ids.resize(kept);
    return true;
  }

  std::vector<Merge> merges_;
  std::vector<Index> counts_;
  std::vector<std::string> pieces_;
  WordTable piece_numbers_;
  std::vector<std::int32_t> piece_ids_;
  std::unordered_map<std::uint64_t, std::int32_t> pair_ids_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_bpe_tokenizer(std::vector<Merge> merges, std::vector<Index> counts) {
  ensure(counts.size() == merges.size() + kBytes + 1, "a count for every token");
  return std::make_unique<BpeTokenizer>(std::move(merges), std::move(counts));
}

const std::vector<Merge>& bpe_merges(const Tokenizer& tokenizer) {
  ensure(tokenizer.kind() == TokenizerKind::bpe, "only bpe has merges");
  return static_cast<const BpeTokenizer&>(tokenizer).merges();
}

}  // namespace moelm
