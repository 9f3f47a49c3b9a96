#include "text/inflater.hpp"

#include <utility>

#include "base/error.hpp"

namespace moelm {

StreamInflater::StreamInflater(ReadBytes read, std::string name, std::string format)
    : read_(std::move(read)), name_(std::move(name)), format_(std::move(format)), buffer_(kInflateBufferBytes) {}

void StreamInflater::refuse(const std::string& what) const {
  throw Error(Exit::bad_data, name_ + ": uncompressed offset " + std::to_string(produced_) + ": " + what);
}

void StreamInflater::refuse_damage(const std::string& detail) const {
  refuse("expected " + format_ + " data, found damage (" + detail + ")");
}

/// Makes at least one compressed byte available, unless the file ends.
void StreamInflater::fill() {
  if (!input_.empty() || at_end_) return;
  const std::size_t count = read_(buffer_.data(), buffer_.size());
  at_end_ = count == 0;
  input_ = {buffer_.data(), count};
}

/// Skips zero padding. False if nothing follows.
bool StreamInflater::next_stream() {
  for (;;) {
    fill();
    if (input_.empty()) return false;
    if (input_.front() != '\0') break;
    input_.remove_prefix(1);
  }
  restart();
  in_stream_ = true;
  return true;
}

std::size_t StreamInflater::read_some(char* out, std::size_t count) {
  for (;;) {
    if (!in_stream_ && !next_stream()) return 0;
    fill();
    const InflateStep done = step(input_, out, count);
    const bool stuck = done.consumed == 0 && done.produced == 0 && !done.ended;
    if (stuck && input_.empty()) refuse("expected more " + format_ + " data, found the end of the file");
    if (stuck) refuse_damage("no progress");
    input_.remove_prefix(done.consumed);
    in_stream_ = !done.ended;
    produced_ += done.produced;
    if (done.produced > 0) return done.produced;
  }
}

}  // namespace moelm
