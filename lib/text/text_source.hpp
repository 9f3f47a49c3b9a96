// Bytes of a text from a plain file, a compressed file or a pipe, in a stream of bounded memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/index.hpp"
#include "text/text_kind.hpp"

namespace moelm {

/// Reads the uncompressed bytes of a text: the one way in which programs open texts. gzip, xz, bzip2 and zstd are known
/// by their first bytes, whatever the name; streams that follow each other and zero padding are fine. One thread at a
/// time.
class TextSource {
 public:
  /// Opens a file, a pipe, or standard input ("-"). Exit::missing_input if it is not there, Exit::bad_data for
  /// directories and devices (except /dev/null), and for what is no text by its first bytes, packed or not (see
  /// require_text). `stop` is asked now and then while a pipe is silent, now and in every later read; when it says
  /// true, Error(Exit::stopped).
  static TextSource open(const std::string& path, const std::function<bool()>& stop = {},
                         TextBytes bytes = TextBytes::utf8);
  /// The same, but what cannot be read twice (a pipe, standard input) is first copied to an unlinked temporary file in
  /// `directory`, so that rewind() works.
  static TextSource open_rewindable(const std::string& path, const std::string& directory,
                                    const std::function<bool()>& stop = {}, TextBytes bytes = TextBytes::utf8);
  ~TextSource();
  TextSource(TextSource&&) noexcept;
  TextSource& operator=(TextSource&&) noexcept;

  /// Reads up to `count` bytes; 0 at the end of the text only. From a pipe it returns what is there.
  /// Damaged compressed data are Error(bad_data) with the offset in the uncompressed text.
  std::size_t read_some(char* out, std::size_t count);
  /// Starts again at the first byte. REQUIRES open_rewindable or a regular file.
  void rewind();

  /// The path as given, "standard input" for "-".
  const std::string& name() const;
  Packing packing() const;
  /// Whether it is a copy of something that cannot be read again.
  bool is_copy() const;
  /// Whether waiting for more bytes may take long (a pipe or terminal).
  bool is_interactive() const;
  /// Bytes of the file as it is stored that have been read so far, and in all (0 if unknown): for progress.
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
