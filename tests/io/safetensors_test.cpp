// Tensors come back as they were written, the reference's smallest file is understood, and hostile headers are refused.
#include "io/safetensors.hpp"

#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

std::string bytes_of(std::span<const TensorView> tensors, const TensorMetadata& metadata = {}) {
  std::string bytes;
  write_safetensors(plan_safetensors(tensors, metadata), tensors,
                    [&](const void* data, std::size_t count) { bytes.append(static_cast<const char*>(data), count); });
  return bytes;
}

std::string file_of(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>((header.size() >> (8 * i)) & 255);
  return bytes + header + data;
}

std::string refusal(const std::string& path) {
  try {
    SafetensorsFile::open(path);
  } catch (const Error& error) {
    REQUIRE(error.exit() == Exit::bad_data);
    return error.what();
  }
  return "";
}

const std::vector<float> kFloats = {1, -2, 0.5f, 3, 4, 5};
const std::vector<std::uint16_t> kHalves = {0x3f80, 0xbf80, 0x4000};
const std::vector<std::int64_t> kLongs = {-1, std::numeric_limits<std::int64_t>::max()};
const std::vector<std::int32_t> kInts = {7};
const std::vector<double> kDoubles = {1e300, -0.0};

std::vector<TensorView> sample() {
  return {{"half", TensorType::bf16, {3}, kHalves.data()},
          {"layers.0.weight", TensorType::f32, {2, 3}, kFloats.data()},
          {"empty", TensorType::f32, {0, 5}, nullptr},
          {"scalar", TensorType::i32, {}, kInts.data()},
          {"long", TensorType::i64, {2}, kLongs.data()},
          {"a \"quoted\" name\n", TensorType::f64, {1, 2}, kDoubles.data()}};
}

template <class T>
std::vector<T> read_back(const SafetensorsFile& file, const std::string& name, TensorType type,
                         const std::vector<Index>& shape, std::size_t count) {
  std::vector<T> values(count);
  const StoredTensor* tensor = file.find(name);
  REQUIRE(tensor != nullptr);
  REQUIRE(tensor->type == type);
  REQUIRE(tensor->shape == shape);
  file.read(*tensor, values.data());
  return values;
}

}  // namespace

TEST_CASE("tensors of every type come back as they were written") {
  TemporaryDirectory directory;
  const auto tensors = sample();
  const TensorMetadata metadata = {{"format", "moelm"}, {"note", "tab\t"}};
  put_file(directory / "t", bytes_of(tensors, metadata));
  const auto file = SafetensorsFile::open(directory / "t");
  REQUIRE(file.tensors().size() == 6);
  REQUIRE(read_back<float>(file, "layers.0.weight", TensorType::f32, {2, 3}, 6) == kFloats);
  REQUIRE(read_back<std::uint16_t>(file, "half", TensorType::bf16, {3}, 3) == kHalves);
  REQUIRE(read_back<std::int64_t>(file, "long", TensorType::i64, {2}, 2) == kLongs);
  REQUIRE(read_back<std::int32_t>(file, "scalar", TensorType::i32, {}, 1) == kInts);
  REQUIRE(read_back<double>(file, tensors[5].name, TensorType::f64, {1, 2}, 2) == kDoubles);
  REQUIRE(read_back<float>(file, "empty", TensorType::f32, {0, 5}, 0).empty());
  float part[2];
  file.read_part(*file.find("layers.0.weight"), 2, 2, part);
  REQUIRE(part[0] == 0.5f);
  REQUIRE(part[1] == 3);
}

TEST_CASE("the planned size is the written one, and data are aligned to their elements") {
  const auto tensors = sample();
  const auto plan = plan_safetensors(tensors);
  REQUIRE(plan.bytes == static_cast<Index>(bytes_of(tensors).size()));
  REQUIRE(plan.head.size() % 64 == 0);
  TemporaryDirectory directory;
  put_file(directory / "t", bytes_of(tensors));
  const auto file = SafetensorsFile::open(directory / "t");
  for (const StoredTensor& t : file.tensors()) REQUIRE(t.begin % tensor_type_bytes(t.type) == 0);
}

TEST_CASE("a file without tensors is a file") {
  TemporaryDirectory directory;
  put_file(directory / "t", bytes_of({}));
  REQUIRE(SafetensorsFile::open(directory / "t").tensors().empty());
}

TEST_CASE("the smallest file of the reference implementation is read") {
  TemporaryDirectory directory;
  const std::string header =
      R"({"__metadata__":{"format":"moe"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} )"
      "    ";
  const float values[] = {1, 2};
  std::string data(8, '\0');
  std::memcpy(data.data(), values, 8);
  put_file(directory / "t", file_of(header.substr(0, 88), data));
  const auto file = SafetensorsFile::open(directory / "t");
  REQUIRE(read_back<float>(file, "w", TensorType::f32, {2}, 2) == std::vector<float>{1, 2});
}

TEST_CASE("tensors of a file with a known checksum are the bytes that were compared", "[durability]") {
  TemporaryDirectory directory;
  const std::string path = directory / "t", good = bytes_of(sample());
  put_file(path, good);
  const auto open = [&](const std::string& sha256) {
    return SafetensorsFile::open_known(File::open_read(path), sha256);
  };
  const SafetensorsFile file = open(sha256_hex(good));
  REQUIRE(read_back<float>(file, "layers.0.weight", TensorType::f32, {2, 3}, 6) == kFloats);
  REQUIRE(read_back<float>(file, "empty", TensorType::f32, {0, 5}, 0).empty());
  REQUIRE(error_text([&] { open(sha256_hex("x")); }) ==
          path + ": sha256: expected " + sha256_hex("x") + ", found " + sha256_hex(good));
  // A damaged header is damage, whatever the parser makes of it.
  put_file(path, "x" + good.substr(1));
  REQUIRE(holds(error_text([&] { open(sha256_hex(good)); }), ": sha256: expected"));
  REQUIRE(holds(error_text([&] { open(sha256_hex("x" + good.substr(1))); }), path + ": header"));
  // A byte changes between the comparison and the use, in a file of the same size that stays open.
  put_file(path, good.substr(0, good.size() - 1) + static_cast<char>(good.back() ^ 1));
  const StoredTensor& last = file.tensors().back();
  std::string values(static_cast<std::size_t>(last.bytes), '\0');
  const auto read = [&] { file.read(last, values.data()); };
  REQUIRE(error_exit(read) == Exit::io);
  REQUIRE(holds(error_text(read), "expected the bytes whose checksum was compared before"));
}

TEST_CASE("NaN and infinity are refused with their place, under the release flags too") {
  TemporaryDirectory directory;
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    std::vector<float> values(10000, std::numeric_limits<float>::max());
    values[9001] = bad;
    REQUIRE(first_non_finite(TensorType::f32, values.data(), 9001) == -1);
    const TensorView tensor{"w", TensorType::f32, {10000}, values.data()};
    put_file(directory / "t", bytes_of({&tensor, 1}));
    const auto file = SafetensorsFile::open(directory / "t");
    REQUIRE(holds(error_text([&] { file.read(file.tensors()[0], values.data()); }), "element 9001"));
  }
  const std::uint16_t halves[] = {0x7f7f, 0x7f80};
  REQUIRE(first_non_finite(TensorType::bf16, halves, 2) == 1);
  const double doubles[] = {1e308, std::numeric_limits<double>::quiet_NaN()};
  REQUIRE(first_non_finite(TensorType::f64, doubles, 2) == 1);
}

TEST_CASE("every truncation and extension is refused") {
  TemporaryDirectory directory;
  const std::string good = bytes_of(sample(), {{"format", "moelm"}});
  for (std::size_t length = 0; length < good.size(); ++length) {
    put_file(directory / "t", good.substr(0, length));
    REQUIRE(refusal(directory / "t") != "");
  }
  put_file(directory / "t", good + "x");
  REQUIRE(refusal(directory / "t") != "");
}

TEST_CASE("no flipped bit of a header crashes the reader") {
  TemporaryDirectory directory;
  const std::string good = bytes_of(sample());
  const std::size_t head = plan_safetensors(sample()).head.size();
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * head; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    put_file(directory / "t", bytes);
    refused += refusal(directory / "t") != "";  // a changed letter of a name is another valid file
  }
  REQUIRE(refused > static_cast<int>(4 * head));
}

TEST_CASE("hostile headers are refused, each with its reason") {
  const std::string eight(8, '\0');
  const std::pair<std::string, std::string> cases[] = {
      {R"([])", "first byte"},
      {R"( {})", "first byte"},
      {R"({"a":1})", "expected an object"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}})", "expected an object of dtype"},
      {R"({"a":{"dtype":"F32","shape":[2],"shape":[2]}})", "twice"},
      {R"({"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}})", "expected F32, BF16"},
      {R"({"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}})", "expected a string"},
      {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", "expected an integer"},
      {R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", "expected an integer"},
      {R"({"a":{"dtype":"F32","shape":[1e400],"data_offsets":[0,8]}})", ""},
      {R"({"a":{"dtype":"F32","shape":[18446744073709551614],"data_offsets":[0,8]}})", "expected an integer"},
      {R"({"a":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,8]}})", "overflows"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}})", "overflows"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}})", "overflows"},
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", "expected 12 bytes"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", "expected an integer"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", "expected two numbers"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})", "gap"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "expected 4 bytes of data"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
       "gap or overlap"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       "twice"},
      {R"({"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "strings only"},
      {R"({"__metadata__":[],"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "object of strings"},
      {R"({"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}})", "expected an integer"},
      {R"({"a":{"dtype":"F32","shape":[[[[[2]]]]],"data_offsets":[0,8]}})", "levels"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x)", ""},
      {"{\"\xff\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", ""},
      {std::string("{\0}", 3), ""},
  };
  TemporaryDirectory directory;
  for (const auto& [header, reason] : cases) {
    put_file(directory / "t", file_of(header, eight));
    const std::string message = refusal(directory / "t");
    INFO(header << "\n" << message);
    REQUIRE(message.rfind(directory / "t", 0) == 0);
    REQUIRE(holds(message, reason));
  }
}

TEST_CASE("hostile header lengths are refused before anything is allocated") {
  TemporaryDirectory directory;
  for (const std::uint64_t length : {0ull, 1ull, 9ull, 100'000'001ull, 1ull << 40, 1ull << 63, ~0ull, ~7ull}) {
    std::string bytes(16, '{');
    std::memcpy(bytes.data(), &length, 8);
    put_file(directory / "t", bytes);
    REQUIRE(holds(refusal(directory / "t"), "header length"));
  }
}

TEST_CASE("links are refused") {
  TemporaryDirectory directory;
  put_file(directory / "t", bytes_of(sample()));
  std::filesystem::create_symlink("t", directory / "link");
  REQUIRE(holds(refusal(directory / "link"), "symbolic link"));
}
