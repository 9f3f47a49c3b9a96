// SHA-256 of byte streams, strings and files.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/index.hpp"
#include "io/file_system.hpp"

namespace moelm {

class File;

/// A checksum that is computed piece by piece. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(const void* bytes, std::size_t count);
  void add(std::string_view bytes) { add(bytes.data(), bytes.size()); }
  /// The checksum of all bytes added, 64 lower-case hexadecimal digits. Starts again with no bytes.
  std::string finish();
  /// The checksum of all bytes added so far. More may be added.
  std::string so_far() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The checksum of a string.
std::string sha256_hex(std::string_view bytes);
/// The checksum of a regular file, which is read in pieces. Links are refused.
std::string sha256_of_file(const std::string& path, FileSystem& fs = real_file_system());
/// The checksum of the first `bytes` bytes of an open file, whose position stays. Exit::bad_data if it is shorter.
std::string sha256_of_file(const File& file, Index bytes);
/// Whether a string is 64 lower-case hexadecimal digits.
bool is_sha256_hex(std::string_view text);

}  // namespace moelm
