#include "tokenizer/vocabulary_tokenizer.hpp"

#include <utility>

#include "base/check.hpp"
#include "tokenizer/normalized_text.hpp"
#include "tokenizer/words.hpp"

namespace moelm {

namespace {

/// Whether one space separates the words and no other white space is there.
bool has_plain_spaces(std::string_view text, const std::vector<Word>& words, bool in_line) {
  std::size_t end = 0;
  for (const Word& word : words) {
    const std::size_t spaces = word.begin - end;
    if (spaces != (in_line && !word.is_line_end() ? 1 : 0) || (spaces == 1 && text[end] != ' ')) return false;
    in_line = !word.is_line_end();
    end = word.begin + (word.is_line_end() ? 1 : word.in(text).size());
  }
  return end == text.size();
}

class VocabularyTokenizer final : public Tokenizer {
 public:
  VocabularyTokenizer(TokenizerKind kind, bool lowercase, Vocabulary vocabulary)
      : kind_(kind),
        lowercase_(lowercase),
        vocabulary_(std::move(vocabulary)),
        end_id_(static_cast<std::int32_t>(vocabulary_.words.find(kEndText))),
        unknown_id_(static_cast<std::int32_t>(vocabulary_.words.find(kUnknownText))) {
    ensure(end_id_ >= 0 && unknown_id_ >= 0, "a vocabulary holds </s> and <unk>");
    ensure(vocabulary_.counts.size() == static_cast<std::size_t>(vocabulary_.words.size()), "a count for every word");
  }

  TokenizerKind kind() const override { return kind_; }
  Index vocabulary_size() const override { return vocabulary_.words.size(); }
  std::int32_t end_id() const override { return end_id_; }
  std::int32_t unknown_id() const override { return unknown_id_; }
  std::int32_t line_end_id() const override { return end_id_; }
  bool lowercase() const override { return lowercase_; }
  std::string token_text(std::int32_t id) const override { return std::string(vocabulary_.words.word(id)); }
  Index count(std::int32_t id) const override { return vocabulary_.counts[id]; }

  void end_line(EncodedText& out) const override {
    out.ids.push_back(end_id_);
    out.flags.push_back(TokenFlag::plain);
    out.line_ends.push_back(out.tokens());
    if (out.keep_surface) push_surface("", out);
  }
  void end_document(EncodedText&) const override {}

  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string text;
    bool line_start = true;
    for (const std::int32_t id : ids) {
      if (id == end_id_) {
        text += '\n';
      } else {
        if (!line_start) text += ' ';
        text += vocabulary_.words.word(id);
      }
      line_start = id == end_id_;
    }
    return text;
  }

 protected:
  void encode_block(std::string_view raw, EncodedText& out) const override {
    NormalizedText normalized;
    const std::string_view text = normalized.normalize(raw, lowercase_, out.faults);
    std::vector<Word> words;
    splitter_of(kind_)(text, words);
    out.plain_spaces = out.plain_spaces && has_plain_spaces(text, words, out.in_line);
    const std::size_t before = out.ids.size();
    out.ids.resize(before + words.size());
    out.flags.resize(before + words.size(), TokenFlag::plain);
    vocabulary_.words.find_all(text, words, out.ids.data() + before);
    for (std::size_t i = 0; i < words.size(); ++i) set_token(words[i], before + i, out);
    if (!out.keep_surface) return;
    for (const Word& word : words) push_surface(word.is_line_end() ? "\n" : word.in(text), out);
  }

 private:
  /// Turns out.ids[i], the number of a word in the vocabulary or -1, into the id of a token.
  void set_token(const Word& word, std::size_t i, EncodedText& out) const {
    std::int32_t& id = out.ids[i];
    if (word.is_line_end()) {
      id = end_id_;
      out.line_ends.push_back(static_cast<Index>(i) + 1);
      return;
    }
    ++out.words;
    if (id >= 0 && id != unknown_id_ && id != end_id_) return;
    const bool literal = id == unknown_id_;  // text cannot write a line end as a word
    id = unknown_id_;
    out.flags[i] = literal ? TokenFlag::literal_unknown : TokenFlag::unknown_word;
    ++(literal ? out.literal_unknown : out.unknown_words);
  }

  TokenizerKind kind_;
  bool lowercase_;
  Vocabulary vocabulary_;
  std::int32_t end_id_, unknown_id_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_vocabulary_tokenizer(TokenizerKind kind, bool lowercase, Vocabulary vocabulary) {
  ensure(kind == TokenizerKind::text || kind == TokenizerKind::word, "only text and word have a vocabulary of words");
  return std::make_unique<VocabularyTokenizer>(kind, lowercase, std::move(vocabulary));
}

}  // namespace moelm
