// Hostile safetensors files, with the cases of the reference implementation, and numbers that are not finite.
#include <cstdint>
#include <cstring>
#include <limits>

#include "hostile/refusal.hpp"
#include "io/safetensors.hpp"

using namespace moelm;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::string file_of(const std::string& header, const std::string& data, std::uint64_t length) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

std::string file_of(const std::string& header, const std::string& data) { return file_of(header, data, header.size()); }

std::string tensor(const std::string& name, const std::string& type, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":[" + shape + "],\"data_offsets\":[" + offsets + "]}";
}

/// A file of one F32 tensor "w" with this shape and these offsets, and eight bytes of data.
std::string one(const std::string& shape, const std::string& offsets) {
  return file_of("{" + tensor("w", "F32", shape, offsets) + "}", std::string(8, '\0'));
}

/// Opens the file and reads all of it.
void read_all(const std::string& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  for (const StoredTensor& t : file.tensors()) {
    std::string bytes(static_cast<std::size_t>(t.bytes), '\0');
    file.read(t, bytes.data());
  }
}

std::string zero_sized(std::size_t count) {
  std::string header = "{";
  for (std::size_t i = 0; i < count; ++i)
    header += (i > 0 ? "," : "") + tensor("t" + std::to_string(i), "F32", "0", "0,0");
  return file_of(header + "}", "");
}

std::string numbers(const std::string& type, const std::string& shape, const std::string& bytes) {
  return file_of("{" + tensor("layers.1.weight_ih", type, shape, "0," + std::to_string(bytes.size())) + "}", bytes);
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

}  // namespace

TEST_CASE("tensor files that lie about sizes are refused before memory is taken", "[hostile]") {
  const std::string eight(8, '\0'), good = tensor("w", "F32", "2", "0,8");
  REQUIRE_NOTHROW([&] {
    const TemporaryDirectory directory;
    put_file(directory / "t", file_of("{" + good + "}", eight));
    read_all(directory / "t");
  }());
  require_refused(
      "m.safetensors", read_all,
      {{"empty", "", "size: expected at least 10 bytes"},
       {"a length alone", std::string(8, '\1'), "size: expected at least 10 bytes"},
       {"no header", file_of("{}", "", 0), "header length: expected 2"},
       {"the header is longer than the file", file_of("{}", "", 3), "header length: expected 2 to 2"},
       {"beyond the reference's limit", file_of("{}", std::string(100, ' '), 100'000'001), "header length"},
       {"2^63", file_of("{}", "", std::uint64_t{1} << 63), "header length"},
       {"2^64 - 1", file_of("{}", "", ~std::uint64_t{0}), "header length"},
       {"2^64 - 8", file_of("{}", "", ~std::uint64_t{7}), "header length"},
       {"not an object", file_of("[]", ""), "expected { as its first byte"},
       {"white space first", file_of(" {}", ""), "expected { as its first byte"},
       {"not UTF-8", file_of("{\"\xff\":1}", ""), "UTF-8"},
       {"not JSON", file_of("{x}", ""), "not valid JSON"},
       {"shape overflows: 2^63 - 1 twice", one("9223372036854775807,2", "0,8"), "overflows"},
       {"bytes overflow: 2^62 of four", one("4611686018427387904", "0,8"), "overflows"},
       {"overflow before a zero", one("4294967296,4294967296,4294967296,0", "0,0"), "overflows"},
       {"2^42 + 1 squared", one("4398046511105,4398046511105", "0,8"), "overflows"},
       {"2^64 - 2", one("18446744073709551614", "0,8"), "shape.0: expected an integer"},
       {"2^64", one("18446744073709551616", "0,8"), "shape.0: expected an integer"},
       {"-1", one("-1", "0,8"), "shape.0: expected an integer"},
       {"two point zero", one("2.0", "0,8"), "shape.0: expected an integer"},
       {"1e400", one("1e400", "0,8"), "1e400"},
       {"rank 1000, all ones but one", one(times("1,", 999) + "3", "0,8"), "expected 12 bytes for shape"},
       {"rank 1000 of twos", one(times("2,", 999) + "2", "0,8"), "overflows"},
       {"a scalar of eight bytes", one("", "0,8"), "expected 4 bytes for shape []"},
       {"offsets reversed", one("2", "8,0"), "data_offsets.1: expected an integer"},
       {"offsets beyond 2^63", one("2", "0,9223372036854775808"), "data_offsets.1: expected an integer"},
       {"a hole", one("1", "4,8"), "without gap or overlap from byte 0, found byte 4"},
       {"more data than tensors", one("1", "0,4"), "size: expected 4 bytes of data, found 8"},
       {"less data than tensors", one("4", "0,16"), "size: expected 16 bytes of data, found 8"},
       {"one offset", one("2", "0"), "data_offsets: expected two numbers"},
       {"overlap", file_of("{" + good + "," + tensor("v", "F32", "2", "0,8") + "}", eight), "gap or overlap"},
       {"the same name", file_of("{" + good + "," + good + "}", eight), "expected the key once"},
       {"the same name, escaped", file_of("{" + good + "," + tensor("\\u0077", "F32", "0", "8,8") + "}", eight),
        "expected the key once"},
       {"unknown type", file_of("{" + tensor("w", "F33", "2", "0,8") + "}", eight), "dtype: expected F32, BF16"},
       {"unknown key", file_of("{" + with(good, "}", ",\"x\":1}") + "}", eight), "object of dtype, shape and"},
       {"metadata other than strings", file_of("{\"__metadata__\":{\"a\":1}," + good + "}", eight), "strings only"},
       {"nesting", file_of("{\"w\":" + std::string(100'000, '[') + "}", eight), "levels of arrays"},
       {"a name of 1 MB", file_of("{" + tensor(std::string(kMiB, 'n'), "F32", "2", "0,8") + "}", eight),
        "expected a string, number or word of at most"},
       {"very many tensors of nothing", zero_sized(300'000), "bytes of memory, found more"},
       {"junk after the data", file_of("{" + good + "}", eight + std::string(kMiB, 'j')), "bytes of data, found"}});
}

TEST_CASE("what is odd but allowed is read", "[hostile]") {
  const TemporaryDirectory directory(memory_directory());
  put_file(directory / "t", zero_sized(20'000));
  REQUIRE(SafetensorsFile::open(directory / "t").tensors().size() == 20'000);
  const auto open = [&] { read_all(directory / "t"); };
  if (memory_is_ours()) CHECK(peak_growth(open) <= kMaxBeside);
  put_file(directory / "t", file_of("{" + std::string(30 * kMiB, ' ') + "}", ""));  // a header of spaces
  REQUIRE_NOTHROW(open());
  if (memory_is_ours()) CHECK(peak_growth(open) <= static_cast<Index>(30 * kMiB) + kMaxBeside);
}

TEST_CASE("numbers that are not finite are refused with tensor and element", "[hostile]") {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
  const std::string element = "tensor \"layers.1.weight_ih\": element ";
  require_refused(
      "m.safetensors", read_all,
      {{"NaN", numbers("F32", "2,2", bytes_of<float>({1, 2, kNaN, 4})), element + "2: expected a finite number"},
       {"infinity", numbers("F32", "1", bytes_of<float>({kInfinity})), element + "0"},
       {"minus infinity", numbers("F32", "2", bytes_of<float>({0, -kInfinity})), element + "1"},
       {"signalling NaN", numbers("F32", "1", bytes_of<std::uint32_t>({0x7f800001u})), element + "0"},
       {"BF16", numbers("BF16", "3", bytes_of<std::uint16_t>({0x7f7f, 0xff80, 0})), element + "1"},
       {"F64", numbers("F64", "1", bytes_of<double>({std::numeric_limits<double>::quiet_NaN()})), element + "0"}});
}
