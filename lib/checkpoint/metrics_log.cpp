#include "checkpoint/metrics_log.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "io/file_names.hpp"

namespace moelm {

namespace {

constexpr Index kReadPiece = Index{1} << 20;
constexpr std::size_t kMaxLineBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxWaitingBytes = std::size_t{64} << 20;

/// Calls take(string_view) with the bytes [begin, end) of a file, piece by piece.
template <class Take>
void for_each_piece(const File& file, Index begin, Index end, const Take& take) {
  std::string piece;
  for (; begin < end; begin += static_cast<Index>(piece.size())) {
    piece.resize(std::min(end - begin, kReadPiece));
    file.read_at(begin, piece.data(), piece.size());
    take(std::string_view(piece));
  }
}

Index end_of_last_line(const File& file) {
  Index end = 0, at = 0;
  for_each_piece(file, 0, file.size(), [&](std::string_view piece) {
    const std::size_t newline = piece.find_last_of('\n');
    if (newline != std::string_view::npos) end = at + static_cast<Index>(newline) + 1;
    at += static_cast<Index>(piece.size());
  });
  return end;
}

Sha256 sum_of(const File& file, Index end) {
  Sha256 sum;
  for_each_piece(file, 0, end, [&](std::string_view piece) { sum.add(piece); });
  return sum;
}

void copy(const File& file, Index begin, Index end, File& to) {
  for_each_piece(file, begin, end, [&](std::string_view piece) { to.write_all(piece); });
  to.sync();
  to.close();
}

void move_aside(const File& file, Index begin, const std::string& run, Index step, FileSystem& fs) {
  const std::string stem = join_path(run, "metrics.discarded-" + std::to_string(step));
  std::string path = stem + ".jsonl";
  for (int attempt = 1; path_exists(path, fs); ++attempt) path = stem + "-" + std::to_string(attempt) + ".jsonl";
  File aside = File::create(path, fs);
  copy(file, begin, file.size(), aside);
  sync_directory(run, fs);
}

}  // namespace

MetricsLog MetricsLog::open(const std::string& run, const MetricsPosition& position, Index step, FileSystem& fs) {
  const std::string path = join_path(run, kMetricsFile);
  MetricsLog log(run, fs);
  log.file_ = File::open_append(path, fs);
  sync_directory(run, fs);
  const File reader = File::open_read(path, Links::refuse, fs);
  std::string warning;
  Index end = position.bytes;
  Sha256 sum;
  if (reader.size() >= end) sum = sum_of(reader, end);
  if (reader.size() < end)
    warning = "expected at least " + std::to_string(end) + " bytes, found " + std::to_string(reader.size());
  else if (end > 0 && sum.so_far() != position.sha256)
    warning = "its first " + std::to_string(end) + " bytes are not those that the checkpoint knew";
  if (!warning.empty()) {
    warning = path + ": " + warning + "; its lines are kept, new ones follow";
    end = end_of_last_line(reader);
    sum = sum_of(reader, end);
  }
  if (end < reader.size()) {
    move_aside(reader, end, run, step, fs);
    log.file_.truncate(end);
    log.file_.sync();
  }
  log.bytes_ = end;
  log.sum_ = std::move(sum);
  log.warning_ = std::move(warning);
  return log;
}

void MetricsLog::write(const Json& object) {
  waiting_ += json_text(object) + "\n";
  try {
    flush();
  } catch (const Error& error) {
    trouble_ = error.what();
    if (waiting_.size() > kMaxWaitingBytes) throw;
  }
}

void MetricsLog::flush() {
  if (torn_) file_.truncate(bytes_);
  torn_ = true;
  if (!waiting_.empty()) file_.write_all(waiting_);
  torn_ = false;
  sum_.add(waiting_);
  bytes_ += static_cast<Index>(waiting_.size());
  waiting_.clear();
  trouble_.clear();
}

void MetricsLog::sync() {
  if (distrusted_) renew();
  flush();
  distrusted_ = true;
  file_.data_sync();
  distrusted_ = false;
}

void MetricsLog::renew() {
  const std::string path = join_path(run_, kMetricsFile),
                    renewed_path = join_path(run_, ".tmp-" + std::string(kMetricsFile));
  remove_file(renewed_path, *fs_);
  const File reader = File::open_read(path, Links::refuse, *fs_);
  if (reader.size() < bytes_ || sum_of(reader, bytes_).so_far() != sum_.so_far())
    throw Error(Exit::io, path + ": expected the lines that were written, found others");
  File renewed = File::create(renewed_path, *fs_);
  copy(reader, 0, bytes_, renewed);
  rename_path(renewed_path, path, *fs_);
  file_ = File::open_append(path, *fs_);
  torn_ = false;
  sync_directory(run_, *fs_);
}

void for_each_metric(const std::string& path, const std::function<void(const Json&)>& take, FileSystem& fs) {
  File file = File::open_read(path, Links::refuse, fs);
  std::string pending, piece(kReadPiece, '\0');
  Index number = 0;
  while (const std::size_t count = file.read_some(piece.data(), piece.size())) {
    std::string_view rest(piece.data(), count);
    for (std::size_t newline; (newline = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(newline + 1)) {
      pending += rest.substr(0, newline);
      const std::string where = path + ": line " + std::to_string(++number);
      const Json object = parse_json(pending, where);
      if (!object.is_object()) throw Error(Exit::bad_data, where + ": expected an object");
      take(object);
      pending.clear();
    }
    pending += rest;
    if (pending.size() > kMaxLineBytes)
      throw Error(Exit::bad_data, path + ": line " + std::to_string(number + 1) + ": longer than 16 MiB");
  }
}

}  // namespace moelm
