// tokenizer.json: a tokenizer written down.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tokenizer/tokenizer.hpp"

namespace moelm {

inline constexpr std::string_view kTokenizerFile = "tokenizer.json";
inline constexpr Index kMaxTokenizerBytes = Index{1} << 30;

/// The text of the file; `counts` are the training counts to write, one a token.
std::string tokenizer_file_text(const Tokenizer& tokenizer, std::span<const Index> counts);

/// Reads such a text. Everything a stranger could have changed is checked; Error(bad_data) names the field.
std::unique_ptr<Tokenizer> parse_tokenizer(std::string_view text, const std::string& name);

/// Reads data/tokenizer.json or run/tokenizer.json; `path` is the file or the folder that holds it.
std::unique_ptr<Tokenizer> load_tokenizer(const std::string& path);

/// The same for a folder whose index or configuration, called `source`, knows the tokenizer by its checksum: what is
/// read is compared, then parsed. Error(bad_data) with both checksums where they differ.
std::unique_ptr<Tokenizer> load_known_tokenizer(const std::string& folder, const std::string& sha256,
                                                const std::string& source);

}  // namespace moelm
