#include "grammar/grammar_corpus.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "grammar/topic_mixture.hpp"
#include "io/file.hpp"

namespace moelm {
namespace {

/// The files of a corpus, which go away unless all of them are written.
class NewFiles {
 public:
  NewFiles() = default;
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;
  ~NewFiles() {
    for (const std::string& path : paths_) std::remove(path.c_str());
  }

  File create(const std::string& path) {
    File file = File::create(path);
    paths_.push_back(path);
    return file;
  }
  void keep() { paths_.clear(); }

 private:
  std::vector<std::string> paths_;
};

/// Appends lines to a new file in large pieces.
class LineWriter {
 public:
  explicit LineWriter(File file) : file_(std::move(file)) {}
  void add(std::string_view line) {
    buffer_.append(line).push_back('\n');
    if (buffer_.size() > (1 << 20)) flush();
  }
  void close() {
    flush();
    file_.close();
  }

 private:
  void flush() {
    file_.write_all(buffer_);
    buffer_.clear();
  }
  File file_;
  std::string buffer_;
};

std::string shortest(double value) {
  std::array<char, 32> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string spell(const GrammarLine& line) {
  std::string text;
  for (const Index word : line.words) text.append(text.empty() ? "" : " ").append(grammar_word(word));
  return text;
}

/// Writes the files of one split and returns its sums.
Json write_split(const TopicMixture& mixture, const std::string& folder, const char* split, Index lines,
                 std::uint64_t seed, NewFiles& files) {
  const std::string path = join_path(folder, split);
  const RandomStream stream(seed, split, mixture.topics());
  LineWriter text(files.create(path + ".txt")), log_probabilities(files.create(path + ".logprob"));
  std::optional<LineWriter> classes;
  if (mixture.topics() > 1) classes.emplace(files.create(path + ".classes"));
  double nats = 0;
  Index tokens = 0;
  for (Index n = 0; n < lines; ++n) {
    const GrammarLine line = mixture.line(stream, n);
    const double log_probability = mixture.log_probability(line.words);
    nats -= log_probability;
    tokens += static_cast<Index>(line.words.size()) + 1;
    text.add(spell(line));
    log_probabilities.add(shortest(log_probability / std::log(10.0)));
    if (classes) classes->add("topic" + std::to_string(line.topic));
  }
  text.close();
  log_probabilities.close();
  if (classes) classes->close();
  const double mean = nats / static_cast<double>(tokens);
  return {{"lines", lines},
          {"tokens", tokens},
          {"log_probability_nats", -nats},
          {"nats_per_token", mean},
          {"perplexity", std::exp(mean)}};
}

}  // namespace

Json write_grammar_corpus(const GrammarCorpus& corpus, const std::string& folder) {
  const bool markov = corpus.source == GrammarSource::markov;
  const TopicMixture mixture = random_mixture(corpus.shape, markov ? 1 : corpus.topics, corpus.seed);
  make_directories(folder);
  // File::create refuses to replace a text. This file would be replaced, but only after the work.
  const std::string exact_path = join_path(folder, "exact.json");
  require(!path_exists(exact_path), Exit::cannot_create,
          exact_path + ": expected no such file, found one; give another --out");
  Json exact = {{"source", enum_name(corpus.source)},
                {"seed", corpus.seed},
                {"words", corpus.shape.words},
                {"successors", corpus.shape.successors},
                {"line_length", corpus.shape.line_length},
                {"topics", mixture.topics()}};
  if (markov) exact["entropy_rate_nats"] = mixture.topic(0).entropy_rate();
  NewFiles files;
  Json splits;
  splits["train"] = write_split(mixture, folder, "train", corpus.lines, corpus.seed, files);
  splits["valid"] = write_split(mixture, folder, "valid", corpus.held_out_lines, corpus.seed, files);
  splits["test"] = write_split(mixture, folder, "test", corpus.held_out_lines, corpus.seed, files);
  exact["splits"] = splits;
  write_file_atomic(exact_path, json_text(exact, 2) + "\n");
  files.keep();
  return exact;
}

}  // namespace moelm
