// A folder with texts, and what moe-tokenize makes of them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/token_cursor.hpp"
#include "data/tokenize_corpus.hpp"
#include "support/catch.hpp"
#include "support/random_bytes.hpp"
#include "support/temporary_directory.hpp"

namespace moelm {

/// A folder with texts, and data folders made of them.
class Workshop {
 public:
  std::string text(const std::string& name, const std::string& bytes) const {
    put_file(folder_ / name, bytes);
    return folder_ / name;
  }
  std::string path(const std::string& name) const { return folder_ / name; }

  TokenizeResult make(const std::string& out, TokenizeOptions options, int threads = 2) const {
    options.out = folder_ / out;
    Context context(threads);
    return tokenize_corpus(options, context);
  }
  Dataset open(const std::string& out) const { return Dataset::open(folder_ / out); }

 private:
  TemporaryDirectory folder_;
};

inline std::vector<std::int32_t> ids_of(const Dataset& data, Split split) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(data.tokens(split)));
  TokenCursor cursor(data, split);
  REQUIRE(cursor.read(data.tokens(split) + 5, ids.data()) == data.tokens(split));
  return ids;
}

inline std::string decoded(const Dataset& data, Split split) { return data.tokenizer().decode(ids_of(data, split)); }

/// Names and contents of all files of a folder.
inline std::map<std::string, std::string> contents(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files[entry.path().filename().string()] = get_file(entry.path().string());
  return files;
}

/// Words of a natural spread, in lines of different lengths.
inline std::string some_text(std::size_t bytes, std::uint64_t seed) {
  RandomBytes random(seed);
  std::string text;
  while (text.size() < bytes) {
    for (std::uint64_t words = random.below(20); words > 0; --words)
      text += "w" + std::to_string(random.below(1 + random.below(2000))) + (random.below(9) == 0 ? ", " : " ");
    text += "\n";
  }
  return text;
}

}  // namespace moelm
