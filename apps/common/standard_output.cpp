#include "common/standard_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace moelm {

namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 16;

}  // namespace

StandardOutput::StandardOutput(std::ostream& stream, int descriptor)
    : stream_(stream),
      before_(stream.rdbuf()),
      descriptor_(descriptor),
      terminal_(::isatty(descriptor) == 1),
      buffer_(kBuffer) {
  stream_.flush();
  stream_.rdbuf(this);
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

StandardOutput::~StandardOutput() {
  write_buffer();
  stream_.rdbuf(before_);
}

StandardOutput::int_type StandardOutput::overflow(int_type c) {
  if (!write_buffer()) return traits_type::eof();
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char one = traits_type::to_char_type(c);
  return xsputn(&one, 1) == 1 ? c : traits_type::eof();
}

std::streamsize StandardOutput::xsputn(const char* text, std::streamsize count) {
  const auto size = static_cast<std::size_t>(count);
  if (size > static_cast<std::size_t>(epptr() - pptr()) && !write_buffer()) return 0;
  if (size >= buffer_.size()) return write(text, size) ? count : 0;
  std::memcpy(pptr(), text, size);
  pbump(static_cast<int>(count));
  if (terminal_ && std::memchr(text, '\n', size) != nullptr && !write_buffer()) return 0;
  return count;
}

int StandardOutput::sync() { return write_buffer() ? 0 : -1; }

bool StandardOutput::write_buffer() {
  const bool written = write(pbase(), static_cast<std::size_t>(pptr() - pbase()));
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  return written;
}

bool StandardOutput::write(const char* bytes, std::size_t count) {
  while (count > 0 && error_ == 0) {
    const ssize_t done = ::write(descriptor_, bytes, count);
    if (done >= 0) {
      bytes += done;
      count -= static_cast<std::size_t>(done);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd room{descriptor_, POLLOUT, 0};
      ::poll(&room, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  return error_ == 0;
}

}  // namespace moelm
