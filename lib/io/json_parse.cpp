// How a JSON text becomes a value: repeated keys, too much depth and too much memory are refused, each with its place.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "io/json.hpp"

namespace moelm {

namespace {

// The approximate memory of values, without their places in arrays and objects.
constexpr std::size_t kHeapBytes = 64;
constexpr std::size_t kSeenKeyBytes = 72;
constexpr std::size_t kMaxReasonBytes = 160;
constexpr std::size_t kMaxPlaceBytes = 200;
/// A string, number or word. The library's lexer keeps several copies of each.
constexpr std::size_t kMaxTokenBytes = std::size_t{64} << 10;

[[noreturn]] void refuse_at_byte(std::string_view name, std::size_t byte, const std::string& what) {
  throw Error(Exit::bad_data, std::string(name) + ": byte " + std::to_string(byte) + ": " + what);
}

bool separates_tokens(char c) { return std::string_view(" \t\n\r,:[]{}").find(c) != std::string_view::npos; }

/// The place after the string or word that begins at `begin`. Whether it is JSON is for the parser to judge.
std::size_t token_end(std::string_view text, std::size_t begin) {
  std::size_t at = begin + 1;
  if (text[begin] != '"') {
    while (at < text.size() && text[at] != '"' && !separates_tokens(text[at])) ++at;
    return at;
  }
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

void require_short_tokens(std::string_view text, std::string_view name) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = separates_tokens(text[begin]) ? begin + 1 : token_end(text, begin);
    if (end - begin > kMaxTokenBytes)
      refuse_at_byte(name, begin + 1,
                     "expected a string, number or word of at most " + std::to_string(kMaxTokenBytes) +
                         " bytes, found " + std::to_string(end - begin));
    begin = end;
  }
}

/// "[json.exception.parse_error.101] parse error at line 1, column 5: WHAT" -> WHAT.
std::string reason_in(const std::string& message) {
  const auto column = message.find("column ");
  const auto start = column == std::string::npos ? message.find("] ") : message.find(": ", column);
  return start == std::string::npos ? message : message.substr(start + 2);
}

/// Takes the parser's events and builds the value. The library's own builder searches all keys of an object at every
/// insertion, which is quadratic for large objects, and keeps the last of repeated keys.
class JsonBuilder : public nlohmann::json_sax<Json> {
 public:
  JsonBuilder(std::string_view name, const JsonLimits& limits) : name_(name), limits_(limits) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool string(string_t& value) override {
    take_memory(kHeapBytes + 2 * value.size());  // the lexer leaves twice the room
    return add(std::move(value));
  }

  bool key(string_t& value) override {
    Frame& frame = frames_.back();
    take_memory(2 * value.size() + kSeenKeyBytes);
    frame.keys_memory += kSeenKeyBytes + value.size();
    const bool is_new = frame.keys.insert(value).second;
    frame.key = std::move(value);
    if (!is_new) refuse(place() + ": expected the key once in its object, found it twice");
    return true;
  }

  bool parse_error(std::size_t byte, const std::string&, const nlohmann::detail::exception& error) override {
    refuse_at_byte(name_, byte, "not valid JSON: " + excerpt(reason_in(error.what()), kMaxReasonBytes));
  }

 private:
  struct Frame {
    Json value;
    std::string key;
    std::unordered_set<std::string> keys;
    std::size_t keys_memory = 0;
  };

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(Exit::bad_data, std::string(name_) + ": " + what);
  }

  /// The keys and positions that lead to the value which comes next.
  std::string place() const {
    std::string path;
    for (const Frame& frame : frames_) {
      path += (path.empty() ? "" : ".") + (frame.value.is_object() ? frame.key : std::to_string(frame.value.size()));
      if (path.size() > kMaxPlaceBytes) break;
    }
    return excerpt(path, kMaxPlaceBytes);
  }

  void take_memory(std::size_t bytes) {
    memory_ += bytes;
    if (memory_ > static_cast<std::size_t>(limits_.memory))
      refuse("expected values that take at most " + std::to_string(limits_.memory) + " bytes of memory, found more");
  }

  /// Called before an item is added. A vector that grows needs the old and the new memory for a moment.
  template <class Vector>
  void make_room(const Vector& items) {
    if (items.size() < items.capacity()) return;
    constexpr std::size_t kItem = sizeof(typename Vector::value_type);
    take_memory(std::max<std::size_t>(1, 2 * items.capacity()) * kItem);
    memory_ -= items.capacity() * kItem;
  }

  bool open(Json value) {
    if (static_cast<Index>(frames_.size()) >= limits_.depth)
      refuse(place() + ": expected at most " + std::to_string(limits_.depth) +
             " levels of arrays and objects, found more");
    take_memory(kHeapBytes);
    frames_.push_back({std::move(value), {}, {}, 0});
    return true;
  }

  bool close() {
    Json value = std::move(frames_.back().value);
    memory_ -= frames_.back().keys_memory;
    frames_.pop_back();
    return add(std::move(value));
  }

  bool add(Json value) {
    if (frames_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Frame& frame = frames_.back();
    if (frame.value.is_object()) {
      auto& members = frame.value.get_ref<Json::object_t&>();
      make_room(members);
      members.emplace_back(std::move(frame.key), std::move(value));  // of the vector below the map: searches nothing
    } else {
      auto& items = frame.value.get_ref<Json::array_t&>();
      make_room(items);
      items.push_back(std::move(value));
    }
    return true;
  }

  std::string_view name_;
  JsonLimits limits_;
  std::size_t memory_ = 0;
  Json root_;
  std::vector<Frame> frames_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view name, const JsonLimits& limits) {
  if (static_cast<Index>(text.size()) > limits.bytes)
    throw Error(Exit::bad_data, std::string(name) + ": size: expected JSON of at most " + std::to_string(limits.bytes) +
                                    " bytes, found " + std::to_string(text.size()));
  require_short_tokens(text, name);
  JsonBuilder builder(name, limits);
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

Json read_json(const std::string& path, const JsonLimits& limits, Links links) {
  return parse_json(read_file(path, limits.bytes, links), path, limits);
}

}  // namespace moelm
