#include "io/compress.hpp"

#include <zlib.h>

#include <limits>

#include "base/check.hpp"

namespace moelm {

std::string deflate_block(std::string_view bytes, int level) {
  ensure(bytes.size() <= std::numeric_limits<uInt>::max(), "a block is far below 4 GiB");
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string out(size, '\0');
  const int status = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()), level);
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  ensure(status == Z_OK, "compress2 fails only for lack of memory");
  out.resize(size);
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
