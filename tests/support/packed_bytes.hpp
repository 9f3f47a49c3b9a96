// xz, bzip2 and zstd made by the test itself, with their libraries.
#pragma once

#include <bzlib.h>
#include <lzma.h>
#include <zstd.h>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace moelm {

/// One xz stream that holds `bytes`.
inline std::string xz_bytes(const std::string& bytes) {
  std::string out(lzma_stream_buffer_bound(bytes.size()), '\0');
  std::size_t size = 0;
  const lzma_ret status =
      lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                              bytes.size(), reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size());
  if (status != LZMA_OK) throw std::runtime_error("xz failed");
  out.resize(size);
  return out;
}

/// One bzip2 stream that holds `bytes`.
inline std::string bzip2_bytes(std::string bytes) {
  std::string out(bytes.size() + bytes.size() / 64 + 1024, '\0');
  auto size = static_cast<unsigned>(out.size());
  if (BZ2_bzBuffToBuffCompress(out.data(), &size, bytes.data(), static_cast<unsigned>(bytes.size()), 9, 0, 0) != BZ_OK)
    throw std::runtime_error("bzip2 failed");
  out.resize(size);
  return out;
}

/// One zstd frame that holds `bytes`, with a checksum.
inline std::string zstd_bytes(const std::string& bytes) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size());
  ZSTD_freeCCtx(context);
  if (ZSTD_isError(size) != 0) throw std::runtime_error("zstd failed");
  out.resize(size);
  return out;
}

}  // namespace moelm
