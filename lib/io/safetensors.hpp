// safetensors files: named tensors, written from memory and read into memory of the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/index.hpp"
#include "io/file.hpp"
#include "io/tensor_type.hpp"

namespace moelm {

/// A view of a dense tensor, to be written.
struct TensorView {
  std::string name;
  TensorType type = TensorType::f32;
  std::vector<Index> shape;  ///< sizes, row-major; no sizes: one number
  const void* data = nullptr;
  std::function<void(std::span<std::byte>)> fetch = nullptr;  ///< where it is not in memory: writes its bytes
};

/// Calls use(bytes) with the tensor's data, fetched if need be.
template <class Use>
void with_data(const TensorView& tensor, std::size_t bytes, Use&& use) {
  if (!tensor.fetch) return use(tensor.data);
  std::vector<std::byte> fetched(bytes);
  tensor.fetch(fetched);
  use(static_cast<const void*>(fetched.data()));
}

/// Strings that a file stores with the tensors ("__metadata__").
using TensorMetadata = std::map<std::string, std::string>;

/// Receives the bytes of a file in order.
using ByteSink = std::function<void(const void* bytes, std::size_t count)>;

/// The layout of a file before it is written.
struct SafetensorsPlan {
  std::string head;                ///< length and header; the data begin at a multiple of 64
  std::vector<std::size_t> order;  ///< tensors in the order of their data: wide elements first, else as given
  Index bytes = 0;                 ///< size of the whole file
};

/// REQUIRES distinct names and shapes without overflow.
SafetensorsPlan plan_safetensors(std::span<const TensorView> tensors, const TensorMetadata& metadata = {});

/// Sends the planned file to the sink. Tensors are not copied.
void write_safetensors(const SafetensorsPlan& plan, std::span<const TensorView> tensors, const ByteSink& sink);

/// A tensor in a file.
struct StoredTensor {
  std::string name;
  TensorType type = TensorType::f32;
  std::vector<Index> shape;
  Index begin = 0;  ///< bytes from the beginning of the data
  Index bytes = 0;
  std::optional<std::uint32_t> crc;  ///< of its bytes, where the checksum of the file was compared

  Index elements() const { return bytes / tensor_type_bytes(type); }
};

/// An open file whose header has been checked: types known, names distinct, sizes equal to what the shapes say, data
/// contiguous from the header to the end of the file. Everything else is Error(bad_data) with file, tensor, expected
/// and found. Reading is thread-safe.
class SafetensorsFile {
 public:
  SafetensorsFile() = default;
  /// Links and special files are refused.
  static SafetensorsFile open(const std::string& path, FileSystem& fs = real_file_system());

  /// The same for a file that is already open.
  static SafetensorsFile open(File file);
  /// The same for a file with a known SHA-256: reads the whole file and compares. Later, read() compares each tensor
  /// with its CRC-32 from this pass; changed bytes are Error(io).
  static SafetensorsFile open_known(File file, const std::string& sha256);

  const std::string& path() const { return file_.path(); }
  const File& file() const { return file_; }
  /// In the order of their data.
  const std::vector<StoredTensor>& tensors() const { return tensors_; }
  /// nullptr if there is none of that name.
  const StoredTensor* find(std::string_view name) const;

  /// Reads a whole tensor into memory for tensor.bytes. NaN and infinities are Error(bad_data) with their place.
  void read(const StoredTensor& tensor, void* to) const;
  /// Reads `count` elements, starting with element `first`.
  void read_part(const StoredTensor& tensor, Index first, Index count, void* to) const;

 private:
  /// Returns the bytes that were read: all before the data.
  std::string read_header();
  void compare_checksum(std::string_view head, const std::string& sha256);
  void check_contiguous(Index data_bytes) const;

  File file_;
  std::vector<StoredTensor> tensors_;
  std::unordered_map<std::string, std::size_t> by_name_;
  Index data_begin_ = 0;
};

}  // namespace moelm
