#include "data/dataset.hpp"

#include <utility>

#include "data/dataset_files.hpp"
#include "data/path_kind.hpp"
#include "io/file.hpp"

namespace moelm {

Dataset Dataset::open(const std::string& directory) {
  require_data_path(directory);
  Dataset data;
  data.directory_ = directory;
  ReadIndex read = read_data_index(directory);
  data.checksum_ = std::move(read.sha256);
  data.index_ = std::move(read.index);
  StoredTokenizer stored = read_data_tokenizer(directory, data.index_);
  data.tokenizer_files_ = std::move(stored.files);
  data.tokenizer_ = std::move(stored.tokenizer);
  for (const auto& [name, split] : EnumNames<Split>::values)
    for (const ShardFile& shard : data.split(split).shards)
      data.shards_[static_cast<std::size_t>(split)].push_back(read_shard_layout(
          join_path(directory, shard.name), data.index_.vocabulary, !data.tokenizer_->keeps_bytes(), shard.tokens));
  return data;
}

}  // namespace moelm
