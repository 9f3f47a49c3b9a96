// The common part of the readers of gzip, xz, bzip2 and zstd: they inflate piece by piece.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Fills `bytes` with up to `count` bytes; 0 at the end.
using ReadBytes = std::function<std::size_t(char* bytes, std::size_t count)>;

/// Compressed bytes of one read.
inline constexpr std::size_t kInflateBufferBytes = std::size_t{1} << 17;

/// One thread at a time. Memory is bounded, whatever the compression ratio.
class Inflater {
 public:
  virtual ~Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Reads up to `count` inflated bytes; returns 0 only at the end. Error(bad_data) if the file is damaged or cut
  /// off, or where something other than streams of its kind and zero bytes follows.
  virtual std::size_t read_some(char* out, std::size_t count) = 0;

 protected:
  Inflater() = default;
};

/// What the library did with a piece.
struct InflateStep {
  std::size_t consumed = 0;
  std::size_t produced = 0;
  bool ended = false;  ///< the stream is at its end
};

/// Inflates consecutive streams with a library that inflates one of them.
class StreamInflater : public Inflater {
 public:
  std::size_t read_some(char* out, std::size_t count) override;

 protected:
  /// `name` and `format` appear in error messages.
  StreamInflater(ReadBytes read, std::string name, std::string format);

  /// Prepares for the beginning of a stream.
  virtual void restart() = 0;
  /// Inflates a part of `input`, which is empty only at the end of the file.
  virtual InflateStep step(std::string_view input, char* out, std::size_t count) = 0;
  /// Error(bad_data) with the offset in the inflated text.
  [[noreturn]] void refuse(const std::string& what) const;
  [[noreturn]] void refuse_damage(const std::string& detail) const;

 private:
  void fill();
  bool next_stream();

  ReadBytes read_;
  std::string name_, format_;
  std::vector<char> buffer_;
  std::string_view input_;  // the part of the buffer that is not consumed yet
  bool in_stream_ = false, at_end_ = false;
  Index produced_ = 0;
};

}  // namespace moelm
