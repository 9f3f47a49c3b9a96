// Standard output behind std::cout, which remembers the reason of the first failed write.
#pragma once

#include <ostream>
#include <streambuf>
#include <vector>

namespace moelm {

/// Redirects the stream to a descriptor while it exists. Interrupted and partial writes are continued, also to a
/// non-blocking descriptor. On a terminal it writes every line at once, elsewhere when the buffer is full or flushed.
/// The descriptor must outlive it.
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
