// Runs hostile files through a reader: each must be refused as bad data, with its message, in little memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/peak_memory.hpp"
#include "support/temporary_directory.hpp"

namespace moelm {

/// A file that must not be accepted.
struct HostileFile {
  std::string name;  ///< what is wrong with it
  std::string bytes;
  std::string expected;  ///< part of the message
};

/// What refusing may take beside the file's own size.
inline constexpr Index kMaxBeside = Index{64} << 20;

/// Writes each file under `name` and has it read.
inline void require_refused(const std::string& name, const std::function<void(const std::string& path)>& read,
                            const std::vector<HostileFile>& files) {
  const TemporaryDirectory directory(memory_directory());
  const std::string path = directory / name;
  for (const HostileFile& file : files) {
    INFO(file.name);
    put_file(path, file.bytes);
    const std::string message = error_text([&] { read(path); });
    INFO(message.substr(0, 500));
    CHECK(error_exit([&] { read(path); }) == Exit::bad_data);
    CHECK(message.rfind(path, 0) == 0);
    CHECK(holds(message, file.expected));
    CHECK(message.size() < path.size() + 600);
    if (memory_is_ours()) CHECK(peak_growth([&] { read(path); }) <= static_cast<Index>(file.bytes.size()) + kMaxBeside);
  }
}

/// `text` with the first `from` replaced, which must be there.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// `piece` so many times.
inline std::string times(const std::string& piece, std::size_t count) {
  std::string text;
  text.reserve(piece.size() * count);
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

}  // namespace moelm
