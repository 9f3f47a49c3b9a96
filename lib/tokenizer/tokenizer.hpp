// The interface of the text, word, byte and bpe tokenizers: text to token ids and back.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/index.hpp"
#include "base/option.hpp"
#include "text/text_kind.hpp"
#include "tokenizer/encoded_text.hpp"

namespace moelm {

enum class TokenizerKind { text, word, byte, bpe };

template <>
struct EnumNames<TokenizerKind> {
  static constexpr std::array<std::pair<std::string_view, TokenizerKind>, 4> values = {{{"text", TokenizerKind::text},
                                                                                        {"word", TokenizerKind::word},
                                                                                        {"byte", TokenizerKind::byte},
                                                                                        {"bpe", TokenizerKind::bpe}}};
};

/// The bytes that a kind of tokenizer accepts: byte and bpe keep any.
constexpr TextBytes text_bytes(TokenizerKind kind) {
  return kind == TokenizerKind::byte || kind == TokenizerKind::bpe ? TextBytes::any : TextBytes::utf8;
}

inline constexpr std::string_view kEndText = "</s>";
inline constexpr std::string_view kUnknownText = "<unk>";

/// Const functions are thread-safe. Ids are 0 to vocabulary_size() - 1.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  virtual TokenizerKind kind() const = 0;
  virtual Index vocabulary_size() const = 0;
  /// `</s>`, which ends a line (text, word) or a document (byte, bpe). It is also the input before the first token.
  virtual std::int32_t end_id() const = 0;
  /// `<unk>`, or -1 if every text has tokens (byte, bpe).
  virtual std::int32_t unknown_id() const { return -1; }
  /// The token that ends every line: `</s>`, or the newline byte for byte and bpe.
  virtual std::int32_t line_end_id() const = 0;
  /// Whether upper case is lost.
  virtual bool lowercase() const { return false; }
  /// Whether decoding returns exactly the encoded bytes (byte, bpe).
  bool keeps_bytes() const { return unknown_id() < 0; }

  /// The bytes of a token, "</s>" and "<unk>" for those two. They are untrusted and need not be UTF-8 for byte
  /// and bpe: escape them before showing.
  virtual std::string token_text(std::int32_t id) const = 0;
  /// How often the training text holds the token.
  virtual Index count(std::int32_t id) const = 0;

  /// Appends the tokens of raw text (any bytes), as many lines as it holds; a byte order mark at the very start is the
  /// caller's to drop (see encode_piece). Lines end where "\n" is; a last line without one is left open, so that
  /// text may be given in parts, cut as text_cut does.
  void encode(std::string_view text, EncodedText& out) const;
  /// Ends a line that encode() left open: appends `</s>` (text, word) or nothing (byte, bpe).
  virtual void end_line(EncodedText& out) const = 0;
  /// Ends a document: appends `</s>` (byte, bpe) or nothing (text, word). In `reset` state every line is one.
  virtual void end_document(EncodedText& out) const = 0;
  /// Encodes one line, and ends it where it has no line end.
  void encode_line(std::string_view line, EncodedText& out) const;

  /// The text of tokens: the exact bytes for byte and bpe, else words separated by spaces and a line end for each
  /// `</s>`.
  virtual std::string decode(std::span<const std::int32_t> ids) const = 0;

 protected:
  Tokenizer() = default;
  /// encode() of at most one block.
  virtual void encode_block(std::string_view text, EncodedText& out) const = 0;
};

}  // namespace moelm
