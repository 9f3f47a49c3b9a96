// The bytes of a text from a plain file, a compressed file or a pipe, as a stream with bounded memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/index.hpp"
#include "text/text_kind.hpp"

namespace moelm {

/// Reads the uncompressed bytes of a text. All programs open texts with it. gzip, xz, bzip2 and zstd are recognised by
/// their first bytes, not by name; consecutive streams and zero padding are accepted. One thread at a time.
class TextSource {
 public:
  /// Opens a file, a pipe, or standard input ("-"). Exit::missing_input if it does not exist; Exit::bad_data for
  /// directories and devices (except /dev/null), and for what require_text refuses, compressed or not. While a pipe is
  /// silent, here and in every later read, `stop` is called repeatedly; when it returns true, Error(Exit::stopped).
  static TextSource open(const std::string& path, const std::function<bool()>& stop = {},
                         TextBytes bytes = TextBytes::utf8);
  /// The same, but a pipe or standard input, which cannot be read twice, is first copied to an unlinked temporary file
  /// in `directory`, so that rewind() works.
  static TextSource open_rewindable(const std::string& path, const std::string& directory,
                                    const std::function<bool()>& stop = {}, TextBytes bytes = TextBytes::utf8);
  /// A text that is in memory, under a name for messages.
  static TextSource of_text(std::string text, std::string name, TextBytes bytes = TextBytes::utf8);
  ~TextSource();
  TextSource(TextSource&&) noexcept;
  TextSource& operator=(TextSource&&) noexcept;

  /// Reads up to `count` bytes; returns 0 only at the end of the text. From a pipe it returns what is available.
  /// Damaged compressed data are Error(bad_data) with the offset in the uncompressed text.
  std::size_t read_some(char* out, std::size_t count);
  /// Returns to the first byte. REQUIRES open_rewindable or a regular file.
  void rewind();

  /// The path as given, "standard input" for "-".
  const std::string& name() const;
  Packing packing() const;
  /// Whether it is a copy of an input that cannot be read again.
  bool is_copy() const;
  /// Whether waiting for more bytes may take long (a pipe or terminal).
  bool is_interactive() const;
  /// For progress: bytes of the stored file that were read so far, and its size (0 if unknown).
  Index stored_position() const;
  Index stored_size() const;

 private:
  struct State;
  static std::unique_ptr<State> open_stored(const std::string& path, const std::function<bool()>& stop,
                                            TextBytes bytes);
  explicit TextSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace moelm
