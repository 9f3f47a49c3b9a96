#include "text/xz.hpp"

#include <lzma.h>

#include <new>
#include <utility>

namespace moelm {

namespace {

/// A little more than `xz -9` needs. The header of a file may ask for gigabytes.
constexpr std::uint64_t kMaxMemory = std::uint64_t{100} << 20;

class XzInflater final : public StreamInflater {
 public:
  XzInflater(ReadBytes read, std::string name) : StreamInflater(std::move(read), std::move(name), "xz") {}
  ~XzInflater() override { lzma_end(&stream_); }

 protected:
  void restart() override {
    if (lzma_stream_decoder(&stream_, kMaxMemory, LZMA_TELL_UNSUPPORTED_CHECK) != LZMA_OK) throw std::bad_alloc();
  }

  InflateStep step(std::string_view input, char* out, std::size_t count) override {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    stream_.avail_in = input.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out);
    stream_.avail_out = count;
    const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
    if (status == LZMA_MEM_ERROR) throw std::bad_alloc();
    if (status == LZMA_MEMLIMIT_ERROR)
      refuse("expected xz data that need at most " + std::to_string(kMaxMemory >> 20) + " MiB of memory, found " +
             std::to_string(lzma_memusage(&stream_) >> 20) + " MiB; unpack it with xz -d");
    if (status != LZMA_OK && status != LZMA_STREAM_END && status != LZMA_BUF_ERROR) refuse_damage(reason(status));
    return {input.size() - stream_.avail_in, count - stream_.avail_out, status == LZMA_STREAM_END};
  }

 private:
  static std::string reason(lzma_ret status) {
    if (status == LZMA_FORMAT_ERROR) return "not the start of a stream";
    if (status == LZMA_OPTIONS_ERROR) return "unknown options";
    if (status == LZMA_UNSUPPORTED_CHECK) return "a check that is not known";
    return "the data do not fit their checksum or format";
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
};

}  // namespace

std::unique_ptr<Inflater> make_xz_inflater(ReadBytes read, std::string name) {
  return std::make_unique<XzInflater>(std::move(read), std::move(name));
}

}  // namespace moelm
