// Bytes of a text from a plain file, a gzip file or a pipe, in a stream of bounded memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/index.hpp"

namespace moelm {

/// Reads the uncompressed bytes of a text. gzip is known by its first bytes, whatever the name; members that follow
/// each other and zero padding are fine. One thread at a time.
class TextSource {
 public:
  /// Opens a file, a pipe, or standard input ("-"). Exit::missing_input if it is not there, Exit::bad_data for
  /// directories and devices (except /dev/null). `stop` is asked now and then while nothing comes; when it says true,
  /// Error(Exit::stopped).
  static TextSource open(const std::string& path, const std::function<bool()>& stop = {});
  /// The same, but what cannot be read twice (a pipe, standard input) is first copied to an unlinked temporary file in
  /// `directory`, so that rewind() works.
  static TextSource open_rewindable(const std::string& path, const std::string& directory,
                                    const std::function<bool()>& stop = {});
  ~TextSource();
  TextSource(TextSource&&) noexcept;
  TextSource& operator=(TextSource&&) noexcept;

  /// Reads up to `count` bytes; 0 at the end of the text only. From a pipe it returns what is there.
  /// Damaged gzip is Error(bad_data) with the offset in the uncompressed text.
  std::size_t read_some(char* out, std::size_t count);
  /// Starts again at the first byte. REQUIRES open_rewindable or a regular file.
  void rewind();

  /// The path as given, "standard input" for "-".
  const std::string& name() const;
  bool is_gzip() const;
  /// Whether it is a copy of something that cannot be read again.
  bool is_copy() const;
  /// Whether waiting for more bytes may take long (a pipe or terminal).
  bool is_interactive() const;
  /// Bytes of the file as it is stored that have been read so far, and in all (0 if unknown): for progress.
  Index stored_position() const;
  Index stored_size() const;

 private:
  struct State;
  explicit TextSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace moelm
