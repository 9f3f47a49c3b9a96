#include "text/zstd.hpp"

#include <zstd.h>

#include <new>
#include <utility>

namespace moelm {

namespace {

constexpr int kMaxWindowLog = 27;  // 128 MiB, as `zstd --ultra -22` needs; a header may ask for gigabytes

class ZstdInflater final : public StreamInflater {
 public:
  ZstdInflater(ReadBytes read, std::string name)
      : StreamInflater(std::move(read), std::move(name), "zstd"), stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }

 protected:
  void restart() override { ZSTD_DCtx_reset(stream_.get(), ZSTD_reset_session_only); }

  InflateStep step(std::string_view input, char* out, std::size_t count) override {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer to{out, count, 0};
    const std::size_t status = ZSTD_decompressStream(stream_.get(), &to, &in);
    if (ZSTD_isError(status) != 0) refuse_damage(ZSTD_getErrorName(status));
    return {in.pos, to.pos, status == 0};
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> stream_;
};

}  // namespace

std::unique_ptr<Inflater> make_zstd_inflater(ReadBytes read, std::string name) {
  return std::make_unique<ZstdInflater>(std::move(read), std::move(name));
}

}  // namespace moelm
