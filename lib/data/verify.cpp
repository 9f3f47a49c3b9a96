#include "base/error.hpp"
#include "data/dataset.hpp"
#include "data/token_cursor.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

/// What the tokens of a split add up to.
struct TokenSums {
  Index lines = 0;
  Index unknown_words = 0;
  Index literal_unknown = 0;
};

TokenSums sums_of(const Dataset& data, Split split, const std::function<bool()>& stop) {
  const std::int32_t line_end = data.tokenizer().line_end_id();
  std::vector<std::int32_t> ids(static_cast<std::size_t>(kBlockTokens));
  std::vector<TokenFlag> flags(ids.size());
  TokenCursor cursor(data, split);
  TokenSums sums;
  while (const Index count = cursor.read(kBlockTokens, ids.data(), flags.data())) {
    if (stop && stop()) throw Error(Exit::stopped, data.directory() + ": stopped on request while it was verified");
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      sums.lines += ids[i] == line_end ? 1 : 0;
      sums.unknown_words += flags[i] == TokenFlag::unknown_word ? 1 : 0;
      sums.literal_unknown += flags[i] == TokenFlag::literal_unknown ? 1 : 0;
    }
  }
  return sums;
}

void verify_split(const Dataset& data, Split id, const std::function<bool()>& stop, std::vector<std::string>& faults) {
  const SplitIndex& split = data.split(id);
  for (const ShardFile& shard : split.shards) {
    const std::string path = join_path(data.directory(), shard.name);
    const std::string found = sha256_of_file(path);
    if (found != shard.sha256)
      faults.push_back(path + ": checksum: expected " + shard.sha256 + " (as index.json says), found " + found);
  }
  const TokenSums sums = sums_of(data, id, stop);
  const std::string where = join_path(data.directory(), kIndexFile) + ": " + std::string(enum_name(id)) + ".";
  const auto compare = [&](const char* key, Index expected, Index found) {
    if (expected != found)
      faults.push_back(where + key + ": expected " + std::to_string(found) + " (as the shards say), found " +
                       std::to_string(expected));
  };
  // Bytes and bpe leave the last line of a file open.
  if (data.tokenizer().unknown_id() >= 0) compare("lines", split.lines, sums.lines);
  compare("unknown_words", split.unknown_words, sums.unknown_words);
  compare("literal_unknown", split.literal_unknown, sums.literal_unknown);
}

}  // namespace

std::vector<std::string> verify_dataset(const std::string& directory, const std::function<bool()>& stop) {
  std::vector<std::string> faults;
  const auto note = [&](const auto& check) {
    try {
      check();
    } catch (const Error& error) {
      if (error.exit() != Exit::bad_data) throw;
      faults.emplace_back(error.what());
    }
  };
  note([&] {
    const Dataset data = Dataset::open(directory);
    for (const auto& [name, split] : EnumNames<Split>::values)
      note([&, id = split] { verify_split(data, id, stop, faults); });
  });
  return faults;
}

}  // namespace moelm
