#include "text/text_source.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/error.hpp"
#include "io/file.hpp"
#include "io/file_error.hpp"
#include "io/scratch_file.hpp"
#include "text/bzip2.hpp"
#include "text/gzip.hpp"
#include "text/xz.hpp"
#include "text/zstd.hpp"

namespace moelm {

namespace {

constexpr std::size_t kCopyBytes = std::size_t{1} << 18;

int open_input(const std::string& path) {
  if (path == "-") return duplicate_standard_input();
  int descriptor = -1;
  // Opening a pipe would wait for its writer without asking `stop`; wait_readable does that below.
  do descriptor = real_file_system().open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
  while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

/// Makes reads of a descriptor that was opened with O_NONBLOCK wait.
void make_blocking(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) != 0) ::fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
}

struct stat status_of(int descriptor, const std::string& name) {
  struct stat status {};
  if (real_file_system().fstat(descriptor, &status) < 0) throw_file_error(errno, Exit::io, name, "fstat");
  const bool null_device = S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
  const bool readable = S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) ||
                        null_device || ::isatty(descriptor) == 1;
  if (!readable)
    throw Error(Exit::bad_data, name + ": expected a text file or a pipe, found a " +
                                    (S_ISDIR(status.st_mode) ? "directory" : "device"));
  return status;
}

/// Waits until there is something to read or the input ends. Asks `stop` several times a second.
void wait_readable(int descriptor, const std::string& name, const std::function<bool()>& stop) {
  constexpr int kMilliseconds = 100;
  pollfd wanted{descriptor, POLLIN, 0};
  for (;;) {
    if (stop && stop()) throw Error(Exit::stopped, name + ": stopped on request while it was read");
    const int ready = ::poll(&wanted, 1, kMilliseconds);
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) throw_file_error(errno, Exit::io, name, "wait for input");
  }
}

/// Reads up to `count` bytes, 0 at the end. Standard input may be non-blocking.
std::size_t read_descriptor(int descriptor, char* out, std::size_t count, const std::string& name,
                            const std::function<bool()>& stop) {
  for (;;) {
    const ssize_t done = real_file_system().read(descriptor, out, count);
    if (done >= 0) return static_cast<std::size_t>(done);
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      wait_readable(descriptor, name, stop);
    else if (errno != EINTR)
      throw_file_error(errno, Exit::io, name, "read");
  }
}

std::string name_of(const std::string& path) { return path == "-" ? "standard input" : path; }

}  // namespace

/// A descriptor open for reading that need not be a regular file.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) real_file_system().close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

 private:
  int value_;
};

struct TextSource::State {
  std::string name;
  std::optional<Descriptor> opened;
  std::optional<ScratchFile> spool;
  int descriptor = -1;                // of `opened` or of `spool`
  std::optional<std::string> memory;  // the text itself, instead of a descriptor
  std::size_t memory_used = 0;
  bool regular = false;
  Index stored_size = 0;
  Index stored_position = 0;
  std::function<bool()> stop;  // asked while a pipe is silent
  TextBytes bytes = TextBytes::utf8;
  // The first stored bytes, which tell the compression, and how many of them read_stored() has returned.
  std::string start;
  std::size_t start_used = 0;
  Packing packing = Packing::none;
  std::unique_ptr<Inflater> inflater;
  // The first bytes of the text, which tell its kind, and how many of them read_text() has returned.
  std::string head;
  std::size_t head_used = 0;

  /// Reads enough bytes to know the kind. An interactive reader must not wait for more than a line.
  template <class Read>
  void fill(std::string& first, const Read& read) const {
    first.clear();
    while (first.size() < kTextStartBytes) {
      const std::size_t before = first.size();
      first.resize(kTextStartBytes);
      const std::size_t count = read(first.data() + before, kTextStartBytes - before);
      first.resize(before + count);
      if (count == 0 || (!regular && !may_become_signature(first))) break;
    }
  }

  void begin_stored() {
    stored_position = 0;
    start_used = 0;
    fill(start, [this](char* out, std::size_t count) { return read_some(out, count); });
    packing = packing_of(start);
  }

  void begin_text() {
    const ReadBytes stored = [this](char* out, std::size_t count) { return read_stored(out, count); };
    inflater = make_inflater(stored);
    head_used = 0;
    fill(head, [&](char* out, std::size_t count) {
      return inflater ? inflater->read_some(out, count) : read_stored(out, count);
    });
    require_text(head, bytes, name);
  }

  std::unique_ptr<Inflater> make_inflater(const ReadBytes& stored) const {
    switch (packing) {
      case Packing::gzip:
        return std::make_unique<GzipInflater>(stored, name);
      case Packing::xz:
        return make_xz_inflater(stored, name);
      case Packing::bzip2:
        return make_bzip2_inflater(stored, name);
      case Packing::zstd:
        return make_zstd_inflater(stored, name);
      case Packing::none:
        break;
    }
    return nullptr;
  }

  std::size_t read_text(char* out, std::size_t count) {
    const std::size_t done = std::min(count, head.size() - head_used);
    if (done == 0) return inflater ? inflater->read_some(out, count) : read_stored(out, count);
    std::copy_n(head.data() + head_used, done, out);
    head_used += done;
    return done;
  }

  std::size_t read_stored(char* out, std::size_t count) {
    std::size_t done = std::min(count, start.size() - start_used);
    if (done > 0) {
      std::copy_n(start.data() + start_used, done, out);
      start_used += done;
    } else {
      done = read_some(out, count);
    }
    stored_position += done;
    return done;
  }

  std::size_t read_some(char* out, std::size_t count) {
    if (memory) {
      const std::size_t done = memory->copy(out, count, memory_used);
      memory_used += done;
      return done;
    }
    if (!regular && stop) wait_readable(descriptor, name, stop);
    return read_descriptor(descriptor, out, count, name, stop);
  }
};

TextSource::TextSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextSource::~TextSource() = default;
TextSource::TextSource(TextSource&&) noexcept = default;
TextSource& TextSource::operator=(TextSource&&) noexcept = default;

std::unique_ptr<TextSource::State> TextSource::open_stored(const std::string& path, const std::function<bool()>& stop,
                                                           TextBytes bytes) {
  auto state = std::make_unique<State>();
  state->name = name_of(path);
  state->bytes = bytes;
  const int descriptor = open_input(path);
  if (descriptor < 0) throw_file_error(errno, Exit::missing_input, state->name, "open");
  state->opened.emplace(descriptor);
  state->descriptor = descriptor;
  const struct stat status = status_of(descriptor, state->name);
  state->regular = S_ISREG(status.st_mode);
  state->stored_size = state->regular ? static_cast<Index>(status.st_size) : 0;
  // A pipe whose writer has not come yet would look empty.
  if (!state->regular) wait_readable(descriptor, state->name, stop);
  state->stop = stop;
  if (path != "-") make_blocking(descriptor);
  state->begin_stored();
  return state;
}

TextSource TextSource::open(const std::string& path, const std::function<bool()>& stop, TextBytes bytes) {
  std::unique_ptr<State> state = open_stored(path, stop, bytes);
  state->begin_text();
  return TextSource(std::move(state));
}

TextSource TextSource::open_rewindable(const std::string& path, const std::string& directory,
                                       const std::function<bool()>& stop, TextBytes bytes) {
  std::unique_ptr<State> source = open_stored(path, stop, bytes);
  // Standard input may be a file that was already read in part. The rest is copied, as for a pipe.
  if (source->regular && path != "-") {
    source->begin_text();
    return TextSource(std::move(source));
  }
  auto state = std::make_unique<State>();
  state->name = source->name;
  state->bytes = bytes;
  state->spool.emplace(directory);
  state->descriptor = state->spool->read_descriptor();
  state->regular = true;
  std::vector<char> buffer(kCopyBytes);
  for (;;) {
    const std::size_t count = source->read_stored(buffer.data(), buffer.size());
    if (count == 0) break;
    state->spool->append({buffer.data(), count});
  }
  state->stored_size = state->spool->size();
  state->begin_stored();
  state->begin_text();
  return TextSource(std::move(state));
}

TextSource TextSource::of_text(std::string text, std::string name, TextBytes bytes) {
  auto state = std::make_unique<State>();
  state->name = std::move(name);
  state->bytes = bytes;
  state->regular = true;
  state->stored_size = static_cast<Index>(text.size());
  state->memory = std::move(text);
  state->begin_stored();
  state->begin_text();
  return TextSource(std::move(state));
}

std::size_t TextSource::read_some(char* out, std::size_t count) {
  if (count == 0) return 0;
  return state_->read_text(out, count);
}

void TextSource::rewind() {
  ensure(state_->regular, "only files can be read twice");
  state_->memory_used = 0;
  if (!state_->memory && ::lseek(state_->descriptor, 0, SEEK_SET) != 0)
    throw_file_error(errno, Exit::io, state_->name, "seek");
  state_->begin_stored();
  state_->begin_text();
}

const std::string& TextSource::name() const { return state_->name; }
Packing TextSource::packing() const { return state_->packing; }
bool TextSource::is_copy() const { return state_->spool.has_value(); }
bool TextSource::is_interactive() const { return !state_->regular; }
Index TextSource::stored_position() const { return state_->stored_position; }
Index TextSource::stored_size() const { return state_->stored_size; }

}  // namespace moelm
