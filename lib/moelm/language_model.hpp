// A trained model for programs of your own: the header of the installed library. It includes the standard library only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moelm {

struct ModelState;

/// The version of the library, such as "0.1.0".
const char* version();

/// What a model remembers of one or more texts (streams) that it reads. A value: copy it where texts branch.
class StreamState {
 public:
  StreamState(std::unique_ptr<ModelState> state, std::size_t streams);
  ~StreamState();
  StreamState(const StreamState& other);
  StreamState& operator=(const StreamState& other);
  StreamState(StreamState&&) noexcept;
  StreamState& operator=(StreamState&&) noexcept;

  std::size_t streams() const { return streams_; }
  /// Stream i of the result is a copy of stream streams[i] of this one.
  StreamState select(std::span<const std::size_t> streams) const;

  ModelState& model_state() { return *state_; }

 private:
  std::unique_ptr<ModelState> state_;
  std::size_t streams_;
};

/// Reads tokens, and says how probable each token is next. Probabilities are those of moe-eval: full softmax, no
/// dropout, no gate noise, in single precision. Not thread-safe: two objects serve two threads.
///
/// Functions throw std::runtime_error whose text is one line, "FILE: field: expected X, found Y; hint", and
/// std::logic_error for arguments out of range. Where oneDNN 2.6 computes (processors with AVX-512), block signals that
/// have handlers on the thread that calls read(): its products use memory below their stack pointer.
class LanguageModel {
 public:
  /// Loads the best checkpoint of a run, else the newest, or the given checkpoint. Writes nothing. `threads` 0: the
  /// default of this machine.
  explicit LanguageModel(const std::string& run, int threads = 0);
  ~LanguageModel();
  LanguageModel(LanguageModel&&) noexcept;
  LanguageModel& operator=(LanguageModel&&) noexcept;

  /// The folder of the checkpoint that was loaded.
  const std::string& checkpoint() const;
  /// A line for each checkpoint that was damaged and passed over.
  const std::vector<std::string>& warnings() const;

  /// Tokens are 0 to vocabulary_size() - 1.
  std::int32_t vocabulary_size() const;
  /// `</s>`: what a model reads before the first token of a text.
  std::int32_t start_token() const;
  /// The tokens of a line and of its end, as `moe-eval --state reset` scores it. Words that the vocabulary lacks become
  /// `<unk>`.
  std::vector<std::int32_t> encode_line(std::string_view line) const;
  /// The text of tokens: exact bytes for the tokenizers byte and bpe, else words with blanks between them.
  std::string decode(std::span<const std::int32_t> tokens) const;

  /// The state of texts that have not begun. The first token that they read is start_token().
  StreamState start(std::size_t streams = 1) const;
  /// Reads tokens[i] in stream i, and carries the state on. `tokens` has one token for each stream of the state.
  void read(std::span<const std::int32_t> tokens, StreamState& state);

  /// After read(): ln of the probability that next[i] is the next token of stream i.
  std::vector<double> log_probabilities(std::span<const std::int32_t> next);
  /// After read(): ln of the probability of every token to come next in a stream. Valid until the next call.
  std::span<const float> distribution(std::size_t stream = 0);

 private:
  struct Loaded;
  std::unique_ptr<Loaded> loaded_;
};

/// The exit code that the commands of moelm give for an exception (65 damaged, 66 missing, 70 a bug, 71 no memory,
/// ...).
int exit_code(const std::exception& error);

}  // namespace moelm
