// The files of a tokenizer in tests: written, joined into one text, and changed with checksums that fit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/checksum.hpp"
#include "support/reseal.hpp"
#include "tokenizer/tokenizer_file.hpp"

namespace moelm {

/// The files of a tokenizer with the counts that it has.
inline TokenizerFiles files_of(const Tokenizer& tokenizer) {
  std::vector<Index> counts;
  for (std::int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) counts.push_back(tokenizer.count(id));
  return tokenizer_files(tokenizer, counts);
}

/// The files with the checksums that an attacker would give them.
inline TokenizerFiles resealed(TokenizerFiles files) {
  const std::string key = "\"vocab_sha256\": \"";
  const std::size_t at = files.description.find(key);
  if (at != std::string::npos) files.description.replace(at + key.size(), 64, sha256_hex(files.vocabulary));
  files.description = resealed_json(files.description);
  return files;
}

/// Both files in one text, tokenizer.json first.
inline std::string joined(const TokenizerFiles& files) { return files.description + files.vocabulary; }

inline TokenizerFiles separated(std::string_view text) {
  const std::string_view end = "\n}\n";
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return {std::string(text), ""};
  return {std::string(text.substr(0, at + end.size())), std::string(text.substr(at + end.size()))};
}

}  // namespace moelm
