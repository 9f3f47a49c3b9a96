#include "tokenizer/equal_tokens.hpp"

#include "base/quantity.hpp"
#include "tokenizer/bpe_tokenizer.hpp"

namespace moelm {

bool equal_tokens(const Tokenizer& a, const Tokenizer& b) {
  if (a.kind() != b.kind() || a.lowercase() != b.lowercase() || a.vocabulary_size() != b.vocabulary_size())
    return false;
  if (a.kind() == TokenizerKind::bpe) return bpe_words(a) == bpe_words(b) && bpe_merges(a) == bpe_merges(b);
  for (std::int32_t id = 0; id < a.vocabulary_size(); ++id)
    if (a.token_text(id) != b.token_text(id)) return false;
  return true;
}

std::string describe_tokenizer(const Tokenizer& tokenizer) {
  return std::string(enum_name(tokenizer.kind())) + (tokenizer.lowercase() ? " in lower case, " : ", ") +
         format_counted(tokenizer.vocabulary_size(), "token");
}

}  // namespace moelm
