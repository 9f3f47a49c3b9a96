#include "data/shard_writer.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "data/shard.hpp"
#include "io/compress.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

constexpr std::size_t kNumberDigits = 5;

std::string shard_name(const std::string& split, std::size_t number) {
  const std::string digits = std::to_string(number);
  return split + "-" + std::string(kNumberDigits - std::min(kNumberDigits, digits.size()), '0') + digits + ".shard";
}

Index whole_blocks(std::size_t tokens) { return static_cast<Index>(tokens) / kBlockTokens; }

}  // namespace

ShardWriter::ShardWriter(std::string directory, std::string name, Index vocabulary, Context& context)
    : directory_(std::move(directory)), name_(std::move(name)), vocabulary_(vocabulary), context_(context) {}

void ShardWriter::append(const EncodedText& text) {
  const auto missing = static_cast<std::int32_t>(vocabulary_);
  const std::size_t before = pending_.size();
  pending_.resize(before + text.ids.size());
  std::transform(text.ids.begin(), text.ids.end(), text.flags.begin(), pending_.begin() + before,
                 [&](std::int32_t id, TokenFlag flag) { return flag == TokenFlag::unknown_word ? missing : id; });
  // Several blocks at a time, so that all threads have one.
  if (whole_blocks(pending_.size()) >= 2 * context_.threads()) compress(whole_blocks(pending_.size()));
}

void ShardWriter::compress(Index blocks) {
  const auto tokens = std::min(pending_.size(), static_cast<std::size_t>(blocks * kBlockTokens));
  std::vector<std::string> packed(blocks), compressed(packed.size());
  context_.parallel_for(blocks, [&](Index i) {
    const auto begin = static_cast<std::size_t>(i * kBlockTokens);
    const std::size_t count = std::min(static_cast<std::size_t>(kBlockTokens), tokens - begin);
    const auto at = static_cast<std::size_t>(i);
    packed[at] = pack_ids(std::span(pending_).subspan(begin, count), shard_id_bytes(vocabulary_));
    compressed[at] = deflate_block(packed[at]);
  });
  std::size_t left = tokens;
  for (std::size_t i = 0; i < compressed.size(); ++i) {
    const std::size_t count = std::min(static_cast<std::size_t>(kBlockTokens), left);
    checksum_.add(packed[i]);
    blocks_.push_back(std::move(compressed[i]));
    shard_tokens_ += count;
    left -= count;
    if (shard_tokens_ == kShardTokens) write_shard();
  }
  pending_.erase(pending_.begin(), pending_.begin() + tokens);
}

void ShardWriter::write_shard() {
  const std::string head = encode_shard_head(vocabulary_, shard_tokens_, blocks_);
  const std::string name = shard_name(name_, files_.size());
  File file = File::create(join_path(directory_, name));
  file.write_all(head);
  for (const std::string& block : blocks_) file.write_all(block);
  file.sync();
  file.close();
  files_.push_back({name, shard_tokens_, checksum_.finish()});
  blocks_.clear();
  shard_tokens_ = 0;
}

std::vector<ShardFile> ShardWriter::finish() {
  if (!pending_.empty()) compress(whole_blocks(pending_.size() + static_cast<std::size_t>(kBlockTokens) - 1));
  if (shard_tokens_ > 0) write_shard();
  return std::move(files_);
}

}  // namespace moelm
