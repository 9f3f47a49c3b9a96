// Standard output behind std::cout: every failing write is remembered with its reason, and none is taken for success.
#pragma once

#include <ostream>
#include <streambuf>
#include <vector>

namespace moelm {

/// While it exists, the stream writes through it to a descriptor. Interrupted and partial writes go on, and so do those
/// to a descriptor that does not block. On a terminal every line is written at once, elsewhere when the buffer is full
/// or the stream is flushed. The descriptor must outlive it.
class StandardOutput final : private std::streambuf {
 public:
  StandardOutput(std::ostream& stream, int descriptor);
  /// Flushes.
  ~StandardOutput() override;
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  /// The errno of the first write that failed, 0 for none.
  int error() const { return error_; }

 private:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize count) override;
  int sync() override;
  bool write_buffer();
  bool write(const char* bytes, std::size_t count);

  std::ostream& stream_;
  std::streambuf* before_;
  int descriptor_;
  bool terminal_;
  int error_ = 0;
  std::vector<char> buffer_;
};

}  // namespace moelm
