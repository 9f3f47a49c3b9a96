// gzip, inflated piece by piece.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/index.hpp"

namespace moelm {

/// Inflates gzip members that follow each other. Memory is bounded by the size of the buffers, whatever the ratio.
class GzipInflater {
 public:
  /// Fills `bytes` with up to `count` compressed bytes; 0 at the end.
  using Read = std::function<std::size_t(char* bytes, std::size_t count)>;

  /// `name` is what errors call the file.
  GzipInflater(Read read, std::string name);
  ~GzipInflater();
  GzipInflater(const GzipInflater&) = delete;
  GzipInflater& operator=(const GzipInflater&) = delete;

  /// Up to `count` inflated bytes; 0 at the end only. Error(bad_data) where the file is damaged, cut off, or followed
  /// by something else than gzip members and zero bytes.
  std::size_t read_some(char* out, std::size_t count);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether a file that starts with these bytes is gzip.
bool is_gzip_magic(const char* bytes, std::size_t count);

}  // namespace moelm
