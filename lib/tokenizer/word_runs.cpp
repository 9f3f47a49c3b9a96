#include "tokenizer/word_runs.hpp"

#include <algorithm>
#include <array>
#include <queue>

#include "base/check.hpp"

namespace moelm {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16;
constexpr std::size_t kNumberBytes = 8;

void append_number(Index value, std::string& out) {
  for (std::size_t i = 0; i < kNumberBytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

/// Reads the records of a run: length of the word, count, word.
class RunReader final : public SortedWords {
 public:
  RunReader(const ScratchFile& file, WordRun run) : file_(file), position_(run.begin), end_(run.end) {}

  bool next() override {
    if (used_ == buffer_.size() && position_ == end_) return false;
    const auto length = static_cast<std::size_t>(number());
    count_ = number();
    word_.resize(length);
    take(word_.data(), length);
    return true;
  }

 private:
  Index number() {
    std::array<char, kNumberBytes> bytes{};
    take(bytes.data(), bytes.size());
    Index value = 0;
    for (std::size_t i = 0; i < kNumberBytes; ++i) value |= Index{static_cast<unsigned char>(bytes[i])} << (8 * i);
    return value;
  }

  void take(char* out, std::size_t count) {
    while (count > 0) {
      if (used_ == buffer_.size()) {
        buffer_.resize(std::min(kBufferBytes, static_cast<std::size_t>(end_ - position_)));
        ensure(!buffer_.empty(), "a run holds whole records");
        file_.read_at(position_, buffer_.data(), buffer_.size());
        position_ += buffer_.size();
        used_ = 0;
      }
      const std::size_t part = std::min(count, buffer_.size() - used_);
      std::copy_n(buffer_.data() + used_, part, out);
      used_ += part;
      out += part;
      count -= part;
    }
  }

  const ScratchFile& file_;
  Index position_, end_;
  std::string buffer_;
  std::size_t used_ = 0;
};

}  // namespace

void WordRunWriter::add(std::string_view word, Index count) {
  append_number(static_cast<Index>(word.size()), buffer_);
  append_number(count, buffer_);
  buffer_ += word;
  if (buffer_.size() < kBufferBytes) return;
  file_.append(buffer_);
  buffer_.clear();
}

WordRun WordRunWriter::finish() {
  file_.append(buffer_);
  buffer_.clear();
  return {begin_, file_.size()};
}

std::unique_ptr<SortedWords> read_word_run(const ScratchFile& file, WordRun run) {
  return std::make_unique<RunReader>(file, run);
}

void merge_sorted_words(std::vector<std::unique_ptr<SortedWords>> inputs, const WordVisitor& visit) {
  const auto later = [](const SortedWords* a, const SortedWords* b) { return a->word() > b->word(); };
  std::priority_queue<SortedWords*, std::vector<SortedWords*>, decltype(later)> queue(later);
  for (const auto& input : inputs)
    if (input->next()) queue.push(input.get());
  std::string word;
  while (!queue.empty()) {
    word.assign(queue.top()->word());
    Index count = 0;
    while (!queue.empty() && queue.top()->word() == word) {
      SortedWords* const input = queue.top();
      queue.pop();
      count += input->count();
      if (input->next()) queue.push(input);
    }
    visit(word, count);
  }
}

}  // namespace moelm
