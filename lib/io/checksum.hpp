// SHA-256 of bytes as they pass by, of strings and of files.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/index.hpp"
#include "io/file_system.hpp"

namespace moelm {

class File;

/// A checksum in the making. Not thread-safe; any number may exist.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(const void* bytes, std::size_t count);
  void add(std::string_view bytes) { add(bytes.data(), bytes.size()); }
  /// The checksum of everything added, 64 lower-case hexadecimal digits; starts anew afterwards.
  std::string finish();
  /// The checksum of everything added so far; adding may go on.
  std::string so_far() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Of the bytes given.
std::string sha256_hex(std::string_view bytes);
/// Of the contents of a regular file, read in pieces; with links refused.
std::string sha256_of_file(const std::string& path, FileSystem& fs = real_file_system());
/// Of the first `bytes` bytes of an open file, without moving its position. Exit::bad_data if it is shorter.
std::string sha256_of_file(const File& file, Index bytes);
/// Whether a string has the form that the functions above return.
bool is_sha256_hex(std::string_view text);

}  // namespace moelm
