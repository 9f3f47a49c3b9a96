#include "io/compress.hpp"

#include <zlib.h>

#include <limits>

#include "io/huffman.hpp"

namespace moelm {

std::string deflate_block(std::string_view bytes) {
  std::string out = "\x78\x01";  // zlib's head: deflate, the largest window, fast
  append_literal_stream(bytes, out);
  const uLong sum = adler32_z(adler32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(sum >> shift & 0xFF));
  out.shrink_to_fit();  // a shard is held in memory until it is whole
  return out;
}

bool inflate_block(std::string_view compressed, char* out, std::size_t size) {
  if (compressed.size() > std::numeric_limits<uInt>::max() || size > std::numeric_limits<uInt>::max()) return false;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));  // zlib's C interface lacks const
  stream.avail_in = static_cast<uInt>(compressed.size());
  Bytef nothing = 0;
  stream.next_out = size > 0 ? reinterpret_cast<Bytef*>(out) : &nothing;
  stream.avail_out = static_cast<uInt>(size);
  const int status = inflate(&stream, Z_FINISH);
  const bool whole = status == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  return whole;
}

std::uint32_t crc32_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace moelm
