// The scores of a whole text, token by token, whichever model or file they come from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// The widest name of a model, a class or a source in a table.
inline constexpr Index kNameColumns = 40;

/// A place in a text, as rows name it.
struct TokenPlace {
  Index line = 0;      ///< from 1, within its source
  Index position = 0;  ///< within the line, from 1
  bool operator==(const TokenPlace&) const = default;
};

/// A text file, or the part of a split that came from one; its tokens end before `end`.
struct ScoredSource {
  std::string name;
  Index end = 0;
};

/// Tokens in the order of the text. Const functions are thread-safe.
class TokenScores {
 public:
  /// `name` is what the user called the model or the file, `text` what was scored, `policy` how.
  TokenScores(std::string name, std::string text, std::string policy, std::shared_ptr<const Tokenizer> tokenizer)
      : name_(std::move(name)), text_(std::move(text)), policy_(std::move(policy)), tokenizer_(std::move(tokenizer)) {}

  void add(TokenPlace place, std::string_view token, double nll);
  /// Ends a source: all tokens since the one before belong to it.
  void end_source(const std::string& source, Index end) { sources_.push_back({source, end}); }

  /// The size of the text, by which two data folders are told apart.
  void set_bytes(Index bytes) { bytes_ = bytes; }

  const std::string& name() const { return name_; }
  /// -1: not known.
  Index bytes() const { return bytes_; }
  const std::string& text() const { return text_; }
  const std::string& policy() const { return policy_; }
  /// Null for the rows of a file.
  const Tokenizer* tokenizer() const { return tokenizer_.get(); }
  std::shared_ptr<const Tokenizer> shared_tokenizer() const { return tokenizer_; }

  Index tokens() const { return static_cast<Index>(nll_.size()); }
  TokenPlace place(Index t) const { return places_[t]; }
  /// The bytes of the token, which are untrusted.
  const std::string& token(Index t) const { return distinct_[tokens_[t]]; }
  /// Number of the token among the different ones, which are numbered as they come.
  std::uint32_t token_number(Index t) const { return tokens_[t]; }
  const std::vector<std::string>& distinct() const { return distinct_; }
  /// -ln p of all tokens, in nats.
  const std::vector<double>& nll() const { return nll_; }
  const std::vector<ScoredSource>& sources() const { return sources_; }

  double mean_nll() const;
  double perplexity() const;

 private:
  std::string name_, text_, policy_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> distinct_;
  std::vector<std::uint32_t> tokens_;
  std::vector<TokenPlace> places_;
  std::vector<double> nll_;
  std::vector<ScoredSource> sources_;
  Index bytes_ = -1;
};

}  // namespace moelm
