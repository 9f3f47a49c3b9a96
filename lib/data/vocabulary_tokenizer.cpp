#include "data/vocabulary_tokenizer.hpp"

#include <utility>

#include "base/check.hpp"
#include "data/unicode.hpp"
#include "data/words.hpp"

namespace moelm {

namespace {

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
  Index count(std::int32_t id) const override { return vocabulary_.counts[static_cast<std::size_t>(id)]; }

  void end_line(EncodedText& out) const override { push_line_end("", out); }
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
    std::string repaired, lowered;
    std::string_view text = repair_text(raw, repaired, out.faults);
    if (lowercase_) {
      append_lowercase(text, lowered);
      text = lowered;
    }
    std::vector<Word> words;
    splitter_of(kind_)(text, words);
    for (const Word& word : words) {
      if (word.is_line_end())
        push_line_end("\n", out);
      else
        push_word(word.in(text), out);
    }
  }

 private:
  static void push(std::int32_t id, TokenFlag flag, std::string_view surface, EncodedText& out) {
    out.ids.push_back(id);
    out.flags.push_back(flag);
    if (!out.keep_surface) return;
    out.surface += surface;
    out.surface_ends.push_back(static_cast<Index>(out.surface.size()));
  }

  void push_line_end(std::string_view surface, EncodedText& out) const {
    push(end_id_, TokenFlag::plain, surface, out);
    out.line_ends.push_back(out.tokens());
  }

  void push_word(std::string_view word, EncodedText& out) const {
    const auto id = static_cast<std::int32_t>(vocabulary_.words.find(word));
    ++out.words;
    if (id == unknown_id_) {
      ++out.literal_unknown;
      push(id, TokenFlag::literal_unknown, word, out);
    } else if (id < 0 || id == end_id_) {  // text cannot write a line end as a word
      ++out.unknown_words;
      push(unknown_id_, TokenFlag::unknown_word, word, out);
    } else {
      push(id, TokenFlag::plain, word, out);
    }
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
