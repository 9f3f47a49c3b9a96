#include "text/bzip2.hpp"

#include <bzlib.h>

#include <algorithm>
#include <new>
#include <utility>

namespace moelm {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;  // the library counts bytes in 32 bits

class Bzip2Inflater final : public StreamInflater {
 public:
  Bzip2Inflater(ReadBytes read, std::string name) : StreamInflater(std::move(read), std::move(name), "bzip2") {}
  ~Bzip2Inflater() override { close(); }

 protected:
  void restart() override {
    close();
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc();
    open_ = true;
  }

  InflateStep step(std::string_view input, char* out, std::size_t count) override {
    count = std::min(count, kMaxBytes);
    stream_.next_in = const_cast<char*>(input.data());  // the library does not write there
    stream_.avail_in = static_cast<unsigned>(input.size());
    stream_.next_out = out;
    stream_.avail_out = static_cast<unsigned>(count);
    const int status = BZ2_bzDecompress(&stream_);
    if (status == BZ_MEM_ERROR) throw std::bad_alloc();
    if (status == BZ_DATA_ERROR_MAGIC) refuse_damage("not the start of a stream");
    if (status != BZ_OK && status != BZ_STREAM_END) refuse_damage("the data do not fit their checksum or format");
    return {input.size() - stream_.avail_in, count - stream_.avail_out, status == BZ_STREAM_END};
  }

 private:
  void close() {
    if (open_) BZ2_bzDecompressEnd(&stream_);
    open_ = false;
  }

  bz_stream stream_{};
  bool open_ = false;
};

}  // namespace

std::unique_ptr<Inflater> make_bzip2_inflater(ReadBytes read, std::string name) {
  return std::make_unique<Bzip2Inflater>(std::move(read), std::move(name));
}

}  // namespace moelm
