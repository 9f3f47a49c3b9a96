// Values as bytes of a message, in the order in which they are put in. Both ends are the same build on the same kind of
// machine, which is checked when ranks start.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/check.hpp"
#include "dist/collectives.hpp"

namespace moelm {

class MessageWriter {
 public:
  template <class T>
  void value(const T& v) {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto bytes = std::as_bytes(std::span(&v, 1));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  template <class T>
  void values(std::span<const T> v) {
    static_assert(std::is_trivially_copyable_v<T>);
    value(static_cast<std::uint64_t>(v.size()));
    const auto bytes = std::as_bytes(v);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  template <class T>
  void values(const std::vector<T>& v) {
    values(std::span<const T>(v));
  }
  void text(const std::string& v) { values(std::span<const char>(v)); }

  Bytes finish() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

/// Reads what a MessageWriter wrote. A message that ends too early is a fault of the program.
class MessageReader {
 public:
  explicit MessageReader(std::span<const std::byte> bytes) : left_(bytes) {}

  template <class T>
  T value() {
    T v;
    copy(&v, sizeof v);
    return v;
  }
  template <class T>
  void values(std::vector<T>& v) {
    v.resize(value<std::uint64_t>());
    copy(v.data(), v.size() * sizeof(T));
  }
  template <class T>
  std::vector<T> values() {
    std::vector<T> v;
    values(v);
    return v;
  }
  /// Values whose number the reader knows.
  template <class T>
  void values_into(std::span<T> v) {
    ensure(value<std::uint64_t>() == v.size(), "a message holds as many values as its reader expects");
    copy(v.data(), v.size_bytes());
  }
  std::string text() {
    const std::vector<char> v = values<char>();
    return {v.begin(), v.end()};
  }
  bool done() const { return left_.empty(); }

 private:
  void copy(void* to, std::size_t count) {
    ensure(count <= left_.size(), "a message is as long as its reader expects");
    if (count > 0) std::memcpy(to, left_.data(), count);
    left_ = left_.subspan(count);
  }

  std::span<const std::byte> left_;
};

}  // namespace moelm
