// Messages in the wire format of Protocol Buffers, field by field: as much of it as our files need.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace moelm {

/// Builds one message. Fields may be added in any order; a field that is added twice is repeated.
class ProtocolBuffer {
 public:
  void add_varint(int field, std::uint64_t value) {
    add_key(field, 0);
    append_varint(value);
  }
  void add_double(int field, double value) {
    add_key(field, 1);
    append_fixed(value);
  }
  void add_float(int field, float value) {
    add_key(field, 5);
    append_fixed(value);
  }
  /// A string, bytes, or a message.
  void add_bytes(int field, std::string_view bytes) {
    add_key(field, 2);
    append_varint(bytes.size());
    bytes_ += bytes;
  }
  /// A packed repeated field.
  void add_doubles(int field, std::span<const double> values) {
    add_key(field, 2);
    append_varint(values.size() * sizeof(double));
    for (const double value : values) append_fixed(value);
  }

  const std::string& bytes() const { return bytes_; }

 private:
  void add_key(int field, int wire_type) { append_varint(static_cast<std::uint64_t>(field) << 3 | wire_type); }

  void append_varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
    bytes_ += static_cast<char>(value);
  }

  template <class T>
  void append_fixed(T value) {
    char fixed[sizeof(T)];
    store_little(value, fixed);
    bytes_.append(fixed, sizeof(T));
  }

  std::string bytes_;
};

}  // namespace moelm
