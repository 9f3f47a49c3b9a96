// Reads TensorBoard's event files: written from the description of the format, with nothing of the code that writes
// them.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace moelm {

struct ReadHistogram {
  double min = 0, max = 0, num = 0, sum = 0, sum_squares = 0;
  std::vector<double> limits, counts;
};

struct ReadEvent {
  double wall_time = 0;
  std::int64_t step = 0;
  std::string file_version;
  int session_status = 0;
  std::map<std::string, float> scalars;
  std::map<std::string, ReadHistogram> histograms;
};

/// Bit by bit.
inline std::uint32_t plain_crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes)
    for (int bit = 0; bit < 8; ++bit) {
      const bool odd = ((crc ^ (static_cast<std::uint32_t>(static_cast<unsigned char>(byte)) >> bit)) & 1U) != 0;
      crc = (crc >> 1) ^ (odd ? 0x82F63B78U : 0U);
    }
  return crc ^ 0xFFFFFFFFU;
}

class EventReader {
 public:
  /// Throws std::runtime_error for anything that is not a whole, correct file.
  static std::vector<ReadEvent> read(std::string_view file) {
    std::vector<ReadEvent> events;
    while (!file.empty()) {
      const std::string_view length = take(file, 8);
      require(number<std::uint32_t>(take(file, 4)) == masked(length), "checksum of a length");
      const std::string_view message = take(file, number<std::uint64_t>(length));
      require(number<std::uint32_t>(take(file, 4)) == masked(message), "checksum of a message");
      events.push_back(event(message));
    }
    return events;
  }

 private:
  struct Field {
    std::uint64_t number = 0;
    std::uint64_t varint = 0;
    std::string_view bytes;
  };

  static void require(bool condition, const std::string& what) {
    if (!condition) throw std::runtime_error("event file: " + what);
  }
  static std::string_view take(std::string_view& rest, std::uint64_t count) {
    require(count <= rest.size(), "cut short");
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
  }
  template <class T>
  static T number(std::string_view bytes) {
    T value{};
    require(bytes.size() == sizeof value, "size of a number");
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  static std::uint32_t masked(std::string_view bytes) {
    const std::uint32_t crc = plain_crc32c(bytes);
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
  }
  static std::uint64_t varint(std::string_view& rest) {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(rest, 1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
  }
  static std::vector<Field> fields(std::string_view message) {
    std::vector<Field> all;
    while (!message.empty()) {
      const std::uint64_t key = varint(message);
      Field field;
      field.number = key >> 3;
      switch (key & 7) {
        case 0:
          field.varint = varint(message);
          break;
        case 1:
          field.bytes = take(message, 8);
          break;
        case 2:
          field.bytes = take(message, varint(message));
          break;
        case 5:
          field.bytes = take(message, 4);
          break;
        default:
          require(false, "wire type");
      }
      all.push_back(field);
    }
    return all;
  }
  static std::vector<double> doubles(std::string_view packed) {
    std::vector<double> values;
    while (!packed.empty()) values.push_back(number<double>(take(packed, 8)));
    return values;
  }
  static ReadHistogram histogram(std::string_view message) {
    ReadHistogram read;
    for (const Field& f : fields(message)) {
      if (f.number == 1) read.min = number<double>(f.bytes);
      if (f.number == 2) read.max = number<double>(f.bytes);
      if (f.number == 3) read.num = number<double>(f.bytes);
      if (f.number == 4) read.sum = number<double>(f.bytes);
      if (f.number == 5) read.sum_squares = number<double>(f.bytes);
      if (f.number == 6) read.limits = doubles(f.bytes);
      if (f.number == 7) read.counts = doubles(f.bytes);
    }
    return read;
  }
  static void value(std::string_view message, ReadEvent& event) {
    std::string tag;
    for (const Field& f : fields(message)) {
      if (f.number == 1) tag = f.bytes;
      if (f.number == 2) event.scalars[tag] = number<float>(f.bytes);
      if (f.number == 5) event.histograms[tag] = histogram(f.bytes);
    }
  }
  static ReadEvent event(std::string_view message) {
    ReadEvent read;
    for (const Field& f : fields(message)) {
      if (f.number == 1) read.wall_time = number<double>(f.bytes);
      if (f.number == 2) read.step = static_cast<std::int64_t>(f.varint);
      if (f.number == 3) read.file_version = f.bytes;
      if (f.number == 5)
        for (const Field& v : fields(f.bytes)) value(v.bytes, read);
      if (f.number == 7)
        for (const Field& s : fields(f.bytes)) read.session_status = static_cast<int>(s.varint);
    }
    return read;
  }
};

}  // namespace moelm
