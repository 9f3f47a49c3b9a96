#include "io/compress.hpp"

#include <zlib.h>

#include <limits>
#include <new>

#include "base/check.hpp"

namespace moelm {

namespace {

constexpr int kRawDeflate = -MAX_WBITS;  // zlib's code for a stream without zlib's own header and checksum
constexpr int kMemoryLevel = 9;          // the largest buffers: fewer code tables in a block

bool fits_zlib(std::size_t size) { return size <= std::numeric_limits<uInt>::max(); }

/// zlib's C interface lacks const; it does not write to its input.
Bytef* input_of(std::string_view bytes) { return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); }

}  // namespace

std::string deflate_block(std::string_view bytes) {
  ensure(fits_zlib(bytes.size()), "a block is shorter than 4 GiB");
  z_stream stream{};
  if (deflateInit2(&stream, 1, Z_DEFLATED, kRawDeflate, kMemoryLevel, Z_HUFFMAN_ONLY) != Z_OK) throw std::bad_alloc();
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = input_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  ensure(status == Z_STREAM_END, "a compressed block fits into zlib's bound");
  out.shrink_to_fit();  // a shard is held in memory until it is complete
  return out;
}

bool inflate_block(std::string_view compressed, char* out, std::size_t size) {
  if (!fits_zlib(compressed.size()) || !fits_zlib(size)) return false;
  z_stream stream{};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) throw std::bad_alloc();
  stream.next_in = input_of(compressed);
  stream.avail_in = static_cast<uInt>(compressed.size());
  Bytef nothing = 0;
  stream.next_out = size > 0 ? reinterpret_cast<Bytef*>(out) : &nothing;
  stream.avail_out = static_cast<uInt>(size);
  const int status = inflate(&stream, Z_FINISH);
  const bool complete = status == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  return complete;
}

std::uint32_t crc32_of(std::string_view bytes, std::uint32_t before) {
  if (bytes.empty()) return before;  // zlib takes null for a request of the initial value
  return static_cast<std::uint32_t>(crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace moelm
