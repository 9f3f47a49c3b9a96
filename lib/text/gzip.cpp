#include "text/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "base/error.hpp"

namespace moelm {

namespace {

constexpr int kGzipOnly = 15 + 16;  // zlib's code for the largest window and the gzip wrapper

}  // namespace

struct GzipInflater::State {
  ReadBytes read;
  std::string name;
  z_stream stream{};
  std::array<char, kInflateBufferBytes> input;
  bool at_end = false;
  bool in_member = true;
  Index produced = 0;

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(Exit::bad_data, name + ": uncompressed offset " + std::to_string(produced) + ": " + what);
  }

  /// Makes at least one compressed byte available, unless the file ends.
  void fill() {
    if (stream.avail_in > 0 || at_end) return;
    const std::size_t count = read(input.data(), input.size());
    at_end = count == 0;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(count);
  }

  /// Between members: skips zero padding and starts the next member, if there is one.
  bool next_member() {
    for (;;) {
      fill();
      if (stream.avail_in == 0) return false;
      if (*stream.next_in != 0) break;
      ++stream.next_in;
      --stream.avail_in;
    }
    if (inflateReset(&stream) != Z_OK) throw std::bad_alloc();
    in_member = true;
    return true;
  }
};

GzipInflater::GzipInflater(ReadBytes read, std::string name) : state_(std::make_unique<State>()) {
  state_->read = std::move(read);
  state_->name = std::move(name);
  if (inflateInit2(&state_->stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
}

GzipInflater::~GzipInflater() { inflateEnd(&state_->stream); }

std::size_t GzipInflater::read_some(char* out, std::size_t count) {
  State& s = *state_;
  z_stream& stream = s.stream;
  constexpr std::size_t kMaxAtOnce = std::size_t{1} << 30;
  const auto wanted = static_cast<uInt>(std::min(count, kMaxAtOnce));
  stream.next_out = reinterpret_cast<Bytef*>(out);
  stream.avail_out = wanted;
  while (stream.avail_out == wanted) {
    if (!s.in_member && !s.next_member()) return 0;
    s.fill();
    if (stream.avail_in == 0) s.refuse("expected more gzip data, found the end of the file");
    const int status = inflate(&stream, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_STREAM_END) {
      s.in_member = false;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      s.refuse(std::string("expected gzip data, found damage (") + (stream.msg != nullptr ? stream.msg : "no detail") +
               ")");
    }
  }
  const std::size_t produced = wanted - stream.avail_out;
  s.produced += produced;
  return produced;
}

}  // namespace moelm
