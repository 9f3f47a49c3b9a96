#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <string>
#include <unordered_set>

#include "base/check.hpp"
#include "io/json.hpp"
#include "io/safetensors.hpp"

namespace moelm {

static_assert(std::endian::native == std::endian::little, "safetensors holds little-endian numbers");

namespace {

// Wide elements first: then every tensor begins at a multiple of its element's size without forbidden gaps.
std::vector<std::size_t> data_order(std::span<const TensorView> tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tensor_type_bytes(tensors[a].type) > tensor_type_bytes(tensors[b].type);
  });
  return order;
}

// By hand and not as one Json: its objects search all keys at every insertion, and models have 10^5 tensors.
void add_entry(std::string& text, const TensorView& tensor, Index begin, Index end) {
  text += json_text(Json(tensor.name));
  text += ":{\"dtype\":\"";
  text += tensor_type_name(tensor.type);
  text += "\",\"shape\":";
  text += json_text(Json(tensor.shape));
  text += ",\"data_offsets\":";
  text += json_text(Json(std::vector<Index>{begin, end}));
  text += "}";
}

std::string length_bytes(std::uint64_t length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>((length >> (8 * i)) & 255);
  return bytes;
}

}  // namespace

SafetensorsPlan plan_safetensors(std::span<const TensorView> tensors, const TensorMetadata& metadata) {
  constexpr std::size_t kAlignment = 64;
  SafetensorsPlan plan;
  plan.order = data_order(tensors);
  std::unordered_set<std::string_view> names;
  std::string header = "{";
  if (!metadata.empty()) header += "\"__metadata__\":" + json_text(Json(metadata));
  Index end = 0;
  for (const std::size_t i : plan.order) {
    ensure(names.insert(tensors[i].name).second && tensors[i].name != "__metadata__", "tensor names are distinct");
    const std::optional<Index> bytes = tensor_bytes(tensors[i].type, tensors[i].shape);
    ensure(bytes.has_value(), "the size of a tensor in memory does not overflow");
    if (header.size() > 1) header += ",";
    add_entry(header, tensors[i], end, end + *bytes);
    end += *bytes;
  }
  header += "}";
  header.append((kAlignment - (8 + header.size()) % kAlignment) % kAlignment, ' ');
  plan.head = length_bytes(header.size()) + header;
  plan.bytes = static_cast<Index>(plan.head.size()) + end;
  return plan;
}

void write_safetensors(const SafetensorsPlan& plan, std::span<const TensorView> tensors, const ByteSink& sink) {
  sink(plan.head.data(), plan.head.size());
  for (const std::size_t i : plan.order) {
    const auto bytes = static_cast<std::size_t>(*tensor_bytes(tensors[i].type, tensors[i].shape));
    if (bytes > 0) with_data(tensors[i], bytes, [&](const void* data) { sink(data, bytes); });
  }
}

}  // namespace moelm
