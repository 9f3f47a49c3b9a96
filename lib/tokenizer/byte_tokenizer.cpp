#include "tokenizer/byte_tokenizer.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "tokenizer/byte_pieces.hpp"

namespace moelm {

namespace {

constexpr std::int32_t kEndId = 256;

class ByteTokenizer final : public Tokenizer {
 public:
  explicit ByteTokenizer(std::vector<Index> counts) : counts_(std::move(counts)) {}

  TokenizerKind kind() const override { return TokenizerKind::byte; }
  Index vocabulary_size() const override { return kByteVocabulary; }
  std::int32_t end_id() const override { return kEndId; }
  std::int32_t line_end_id() const override { return '\n'; }
  Index count(std::int32_t id) const override { return counts_[id]; }
  std::string token_text(std::int32_t id) const override {
    return id == kEndId ? std::string(kEndText) : std::string(1, static_cast<char>(id));
  }

  void end_line(EncodedText& out) const override { out.line_ends.push_back(out.tokens()); }
  void end_document(EncodedText& out) const override { push_document_end(kEndId, out); }

  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string text;
    for (const std::int32_t id : ids)
      if (id != kEndId) text.push_back(static_cast<char>(id));
    return text;
  }

 protected:
  void encode_block(std::string_view text, EncodedText& out) const override {
    measure_kept_bytes(text, out);
    const std::size_t before = out.ids.size();
    out.ids.resize(before + text.size());
    out.flags.resize(before + text.size(), TokenFlag::plain);
    std::transform(text.begin(), text.end(), out.ids.begin() + before,
                   [](char c) { return static_cast<unsigned char>(c); });
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1))
      out.line_ends.push_back(static_cast<Index>(before + end) + 1);
    if (!out.keep_surface) return;
    for (const char& c : text) push_surface({&c, 1}, out);
  }

 private:
  std::vector<Index> counts_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_byte_tokenizer(std::vector<Index> counts) {
  ensure(counts.size() == kByteVocabulary, "a count for every byte and </s>");
  return std::make_unique<ByteTokenizer>(std::move(counts));
}

}  // namespace moelm
