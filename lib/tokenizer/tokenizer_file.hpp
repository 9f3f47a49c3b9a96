// A tokenizer on disk: tokenizer.json says what it is, vocab.txt lists its tokens with their counts.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "io/file_names.hpp"
#include "io/file_system.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// The texts of both files. tokenizer.json holds the checksum of vocab.txt, so its own checksum stands for both.
struct TokenizerFiles {
  std::string description;  ///< of tokenizer.json
  std::string vocabulary;   ///< of vocab.txt

  /// SHA-256 of tokenizer.json, by which data and runs know their tokenizer.
  std::string sha256() const;
  /// Names and texts in the order of writing: where tokenizer.json is there, so is vocab.txt.
  std::array<std::pair<std::string_view, std::string_view>, 2> by_name() const {
    return {{{kVocabularyFile, vocabulary}, {kTokenizerFile, description}}};
  }
  bool operator==(const TokenizerFiles&) const = default;
};

/// A tokenizer and the files that it was read from.
struct StoredTokenizer {
  TokenizerFiles files;
  std::unique_ptr<Tokenizer> tokenizer;
};

/// The files of a tokenizer; `counts` are the training counts to write, one for each token.
TokenizerFiles tokenizer_files(const Tokenizer& tokenizer, std::span<const Index> counts);

/// Writes both files durably.
void write_tokenizer(const std::string& folder, const TokenizerFiles& files, FileSystem& fs = real_file_system());

/// Reads such texts, which are untrusted: all of their contents are checked. Error(bad_data) names the file in
/// `folder` and the field or line.
std::unique_ptr<Tokenizer> parse_tokenizer(const TokenizerFiles& files, const std::string& folder);

/// Reads the tokenizer of a data or run folder; `path` is the folder or its tokenizer.json.
StoredTokenizer read_tokenizer(const std::string& path);
/// The same, but Error(bad_data) unless the SHA-256 of tokenizer.json is `sha256`. `source` is the document that
/// contains this checksum, for the message.
StoredTokenizer read_known_tokenizer(const std::string& path, const std::string& sha256, const std::string& source);

/// The same without the texts.
std::unique_ptr<Tokenizer> load_tokenizer(const std::string& path);
std::unique_ptr<Tokenizer> load_known_tokenizer(const std::string& folder, const std::string& sha256,
                                                const std::string& source);

}  // namespace moelm
