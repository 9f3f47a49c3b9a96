// Reads a Hugging Face tokenizer.json of the two kinds that moelm's tokenizers equal: WordLevel and ByteLevel BPE.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// A tokenizer that was made elsewhere. Its counts are 0.
struct ForeignTokenizer {
  std::unique_ptr<Tokenizer> tokenizer;
  std::vector<std::string> notes;  ///< what the user has to know: what was left out, renamed or numbered anew
};

/// Whether a text is such a file, and not one of moelm.
bool is_hugging_face(std::string_view text);

/// WordLevel with WhitespaceSplit becomes `word`, whose ids are those of the file; `</s>` and `<unk>` are added where
/// they are missing. BPE with ByteLevel becomes `bpe`, with the words of GPT-2, and what moe-export wrote becomes what
/// it was. Everything else is Error(bad_data), naming `path`, the field, what was expected and what was found.
ForeignTokenizer parse_hugging_face(std::string_view text, const std::string& path);

}  // namespace moelm
