// Reads PNG files of true color: written from the standard, with nothing of the code that writes them.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "plot/picture.hpp"

namespace moelm {

struct ReadPng {
  std::size_t width = 0, height = 0, channels = 0;
  std::string pixels, text;

  Color at(std::size_t x, std::size_t y) const {
    const std::size_t p = (y * width + x) * channels;
    return {static_cast<std::uint8_t>(pixels[p]), static_cast<std::uint8_t>(pixels[p + 1]),
            static_cast<std::uint8_t>(pixels[p + 2])};
  }
};

class PngReader {
 public:
  explicit PngReader(std::string_view file) : rest_(file) {}

  /// Throws std::runtime_error for anything that is not a whole, correct file.
  ReadPng read() {
    require(take(8) == std::string_view("\x89PNG\r\n\x1a\n", 8), "signature");
    std::string data;
    for (bool end = false; !end;) {
      const std::size_t size = number(take(4));
      const std::string_view kind_and_body = take(size + 4), kind = kind_and_body.substr(0, 4),
                             body = kind_and_body.substr(4);
      const auto* bytes = reinterpret_cast<const Bytef*>(kind_and_body.data());
      require(number(take(4)) == ::crc32(0, bytes, static_cast<uInt>(kind_and_body.size())), "checksum");
      if (kind == "IHDR") header(body);
      if (kind == "IDAT") data += body;
      if (kind == "tEXt") png_.text = body;
      end = kind == "IEND";
    }
    require(rest_.empty(), "bytes behind the end");
    unfilter(inflated(data));
    return png_;
  }

 private:
  static void require(bool condition, const char* what) {
    if (!condition) throw std::runtime_error(std::string("png: ") + what);
  }
  std::string_view take(std::size_t count) {
    require(count <= rest_.size(), "cut short");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  static std::size_t number(std::string_view bytes) {
    std::size_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }
  void header(std::string_view body) {
    png_.width = number(body.substr(0, 4));
    png_.height = number(body.substr(4, 4));
    require(body[8] == 8 && (body[9] == 2 || body[9] == 6) && body[12] == 0, "kind of image");
    png_.channels = body[9] == 2 ? 3 : 4;
  }
  std::string inflated(const std::string& data) const {
    std::string raw((png_.width * png_.channels + 1) * png_.height, '\0');
    uLongf size = raw.size();
    require(::uncompress(reinterpret_cast<Bytef*>(raw.data()), &size, reinterpret_cast<const Bytef*>(data.data()),
                         data.size()) == Z_OK &&
                size == raw.size(),
            "image data");
    return raw;
  }
  static int paeth(int a, int b, int c) {
    const int p = a + b - c, pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
  }
  void unfilter(const std::string& raw) {
    const std::size_t row = png_.width * png_.channels;
    png_.pixels.resize(row * png_.height);
    const auto pixel = [&](std::size_t y, std::size_t x) {
      return static_cast<int>(static_cast<unsigned char>(png_.pixels[y * row + x]));
    };
    for (std::size_t y = 0; y < png_.height; ++y) {
      const int filter = raw[y * (row + 1)];
      for (std::size_t x = 0; x < row; ++x) {
        const int a = x >= png_.channels ? pixel(y, x - png_.channels) : 0, b = y > 0 ? pixel(y - 1, x) : 0;
        const int c = x >= png_.channels && y > 0 ? pixel(y - 1, x - png_.channels) : 0;
        const int guess = filter == 0   ? 0
                          : filter == 1 ? a
                          : filter == 2 ? b
                          : filter == 3 ? (a + b) / 2
                                        : paeth(a, b, c);
        require(filter >= 0 && filter <= 4, "filter");
        png_.pixels[y * row + x] = static_cast<char>(static_cast<unsigned char>(raw[y * (row + 1) + 1 + x]) + guess);
      }
    }
  }

  std::string_view rest_;
  ReadPng png_;
};

}  // namespace moelm
