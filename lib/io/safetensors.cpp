#include "io/safetensors.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>

#include "base/check.hpp"
#include "base/error.hpp"
#include "io/checksum.hpp"
#include "io/compress.hpp"
#include "io/json.hpp"

namespace moelm {

namespace {

constexpr Index kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation
constexpr Index kLengthBytes = 8;
constexpr Index kPieceBytes = Index{1} << 20;
constexpr std::size_t kMaxShownBytes = 200;
constexpr Index kMaxIndex = std::numeric_limits<Index>::max();

/// A shape as a message shows it: it may have any number of sizes.
std::string shown(const std::vector<Index>& shape) { return excerpt(shape_text(shape), kMaxShownBytes); }

[[noreturn]] void refuse(const std::string& path, std::string_view where, const std::string& what) {
  throw Error(Exit::bad_data, path + ": " + std::string(where) + ": " + what);
}

std::uint64_t little_endian(const unsigned char* bytes) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

Index header_length(const File& file) {
  const Index size = file.size();
  if (size < kLengthBytes + 2) refuse(file.path(), "size", "expected at least 10 bytes, found " + std::to_string(size));
  unsigned char bytes[kLengthBytes];
  file.read_at(0, bytes, sizeof bytes);
  const std::uint64_t length = little_endian(bytes);
  const Index max = std::min(kMaxHeaderBytes, size - kLengthBytes);
  if (length < 2 || length > static_cast<std::uint64_t>(max))
    refuse(file.path(), "header length", "expected 2 to " + std::to_string(max) + ", found " + std::to_string(length));
  return length;
}

void check_metadata(const JsonField& field) {
  if (!field.value().is_object()) field.refuse("an object of strings");
  for (const Json& value : field.value())
    if (!value.is_string()) field.refuse("strings only");
}

[[noreturn]] void refuse_checksum(const std::string& path, const std::string& expected, const std::string& found) {
  refuse(path, "sha256", "expected " + expected + ", found " + found);
}

StoredTensor tensor_of(const std::string& path, const std::string& name, const Json& value) {
  const std::string where = "tensor \"" + excerpt(name, kMaxShownBytes) + "\"";
  const JsonField field(value, path + ": " + where);
  if (!value.is_object() || value.size() != 3) field.refuse("an object of dtype, shape and data_offsets");
  StoredTensor tensor;
  tensor.name = name;
  const std::optional<TensorType> type = tensor_type_of(field.at("dtype").text());
  if (!type) field.at("dtype").refuse("F32, BF16, I32, I64 or F64");
  tensor.type = *type;
  const JsonField shape = field.at("shape");
  for (Index i = 0; i < shape.size(); ++i) tensor.shape.push_back(shape.at(i).integer(0, kMaxIndex));
  const JsonField offsets = field.at("data_offsets");
  if (offsets.size() != 2) offsets.refuse("two numbers");
  tensor.begin = offsets.at(0).integer(0, kMaxIndex);
  const Index end = offsets.at(1).integer(tensor.begin, kMaxIndex);
  tensor.bytes = end - tensor.begin;
  const std::optional<Index> bytes = tensor_bytes(tensor.type, tensor.shape);
  if (!bytes) refuse(path, where, "shape: the size of " + shown(tensor.shape) + " overflows");
  if (*bytes != tensor.bytes)
    refuse(path, where,
           "data_offsets: expected " + std::to_string(*bytes) + " bytes for shape " + shown(tensor.shape) + ", found " +
               std::to_string(tensor.bytes));
  return tensor;
}

}  // namespace

SafetensorsFile SafetensorsFile::open(const std::string& path, FileSystem& fs) {
  return open(File::open_read(path, Links::refuse, fs));
}

SafetensorsFile SafetensorsFile::open(File file) {
  SafetensorsFile result;
  result.file_ = std::move(file);
  result.read_header();
  return result;
}

SafetensorsFile SafetensorsFile::open_known(File file, const std::string& sha256) {
  SafetensorsFile result;
  result.file_ = std::move(file);
  std::string head;
  try {
    head = result.read_header();
  } catch (const Error&) {
    // If the file is damaged, report that and not how the damage changed the header.
    const std::string found = sha256_of_file(result.file_, result.file_.size());
    if (found != sha256) refuse_checksum(result.path(), sha256, found);
    throw;
  }
  result.compare_checksum(head, sha256);
  return result;
}

void SafetensorsFile::compare_checksum(std::string_view head, const std::string& sha256) {
  Sha256 sum;
  sum.add(head);
  std::string piece;
  for (StoredTensor& tensor : tensors_) {
    std::uint32_t crc = 0;
    for (Index done = 0; done < tensor.bytes; done += kPieceBytes) {
      piece.resize(std::min(kPieceBytes, tensor.bytes - done));
      file_.read_at(data_begin_ + tensor.begin + done, piece.data(), piece.size());
      sum.add(piece);
      crc = crc32_of(piece, crc);
    }
    tensor.crc = crc;
  }
  if (const std::string found = sum.finish(); found != sha256) refuse_checksum(path(), sha256, found);
}

std::string SafetensorsFile::read_header() {
  const Index length = header_length(file_);
  std::string head(kLengthBytes + length, '\0');
  file_.read_at(0, head.data(), head.size());
  const std::string_view text = std::string_view(head).substr(kLengthBytes);
  if (text.front() != '{') refuse(path(), "header", "expected { as its first byte");
  // A header may take what its file takes: a model of very many tensors is large itself.
  const JsonLimits limits = {kMaxHeaderBytes, 4, JsonLimits{}.memory + file_.size() - length};
  const Json header = parse_json(text, path() + ": header", limits);
  data_begin_ = kLengthBytes + length;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__")
      check_metadata(JsonField(value, path() + ": __metadata__"));
    else
      tensors_.push_back(tensor_of(path(), name, value));
  }
  std::sort(tensors_.begin(), tensors_.end(), [](const StoredTensor& a, const StoredTensor& b) {
    return std::tie(a.begin, a.bytes) < std::tie(b.begin, b.bytes);
  });
  check_contiguous(file_.size() - data_begin_);
  for (std::size_t i = 0; i < tensors_.size(); ++i) by_name_[tensors_[i].name] = i;
  return head;
}

void SafetensorsFile::check_contiguous(Index data_bytes) const {
  Index end = 0;
  for (const StoredTensor& tensor : tensors_) {
    if (tensor.begin != end)
      refuse(path(), "tensor \"" + excerpt(tensor.name, kMaxShownBytes) + "\"",
             "data_offsets: expected data without gap or overlap from byte " + std::to_string(end) + ", found byte " +
                 std::to_string(tensor.begin));
    end = tensor.begin + tensor.bytes;
  }
  if (end != data_bytes)
    refuse(path(), "size", "expected " + std::to_string(end) + " bytes of data, found " + std::to_string(data_bytes));
}

const StoredTensor* SafetensorsFile::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

void SafetensorsFile::read(const StoredTensor& tensor, void* to) const {
  read_part(tensor, 0, tensor.elements(), to);
  const auto count = static_cast<std::size_t>(tensor.bytes);
  if (tensor.crc && crc32_of({static_cast<const char*>(to), count}) != *tensor.crc)
    throw Error(Exit::io, path() + ": tensor \"" + tensor.name +
                              "\": expected the bytes whose checksum was compared before, found others; the disk or "
                              "another program changed them");
}

void SafetensorsFile::read_part(const StoredTensor& tensor, Index first, Index count, void* to) const {
  ensure(first >= 0 && count >= 0 && first <= tensor.elements() - count, "a part lies within its tensor");
  const Index width = tensor_type_bytes(tensor.type);
  file_.read_at(data_begin_ + tensor.begin + first * width, to, static_cast<std::size_t>(count * width));
  const Index bad = first_non_finite(tensor.type, to, count);
  if (bad >= 0)
    refuse(path(), "tensor \"" + tensor.name + "\"",
           "element " + std::to_string(first + bad) + ": expected a finite number, found NaN or infinity");
}

}  // namespace moelm
