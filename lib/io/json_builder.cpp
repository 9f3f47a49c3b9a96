#include "io/json_builder.hpp"

#include <algorithm>
#include <cstdint>

#include "base/error.hpp"

namespace moelm {

namespace {

// What values take beside their places in arrays and objects, roughly.
constexpr std::size_t kHeapBytes = 64;
constexpr std::size_t kSeenKeyBytes = 72;
constexpr std::size_t kLongestReason = 160;

/// "[json.exception.parse_error.101] parse error at line 1, column 5: WHAT" -> WHAT.
std::string reason(const std::string& message) {
  const auto column = message.find("column ");
  const auto start = column == std::string::npos ? message.find("] ") : message.find(": ", column);
  return start == std::string::npos ? message : message.substr(start + 2);
}

/// A piece of a long string by itself: the library decodes it and judges its escapes and characters.
class PieceSax : public nlohmann::json_sax<Json> {
 public:
  explicit PieceSax(std::string& out) : out_(out) {}
  std::size_t fault = 0;  ///< byte of the piece, counted from 1 with its opening mark; 0: none
  std::string why;

  bool null() override { return false; }
  bool boolean(bool) override { return false; }
  bool number_integer(number_integer_t) override { return false; }
  bool number_unsigned(number_unsigned_t) override { return false; }
  bool number_float(number_float_t, const string_t&) override { return false; }
  bool string(string_t& value) override {
    out_ += value;
    return true;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return false; }
  bool start_array(std::size_t) override { return false; }
  bool end_object() override { return false; }
  bool end_array() override { return false; }
  bool key(string_t&) override { return false; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    fault = position;
    why = reason(error.what());
    return false;
  }

 private:
  std::string& out_;
};

}  // namespace

void JsonBuilder::refuse(std::size_t byte, const std::string& what) const {
  throw Error(Exit::bad_data, std::string(name_) + ": byte " + std::to_string(byte) + ": " + what);
}

void JsonBuilder::take_memory(std::size_t bytes) {
  memory_ += bytes;
  if (memory_ > static_cast<std::size_t>(limits_.memory))
    refuse(reading_.reached(),
           "expected values that take at most " + std::to_string(limits_.memory) + " bytes of memory, found more");
}

bool JsonBuilder::string(string_t& value) {
  if (const LongString* place = reading_.just_read()) {
    take_memory(kHeapBytes + (place->end - place->begin));
    return add(decoded(*place));
  }
  take_memory(kHeapBytes + 2 * value.size());  // the lexer leaves twice the room
  return add(std::move(value));
}

std::string JsonBuilder::decoded(const LongString& place) const {
  std::string whole, piece;
  whole.reserve(place.end - place.begin);
  for (std::size_t begin = place.begin; begin < place.end;) {
    const std::size_t end = cut_json_string(reading_.text(), begin, place.end, kLongString);
    piece = "\"";
    piece += reading_.text().substr(begin, end - begin);
    piece += '"';
    PieceSax sax(whole);
    if (!Json::sax_parse(piece, &sax))
      refuse(begin + sax.fault - 1, "not valid JSON: " + excerpt(sax.why, kLongestReason));
    begin = end;
  }
  return whole;
}

bool JsonBuilder::key(string_t& value) {
  if (const LongString* place = reading_.just_read())
    refuse(place->begin, "expected a key of at most " + std::to_string(kLongString) + " bytes, found a longer one");
  Frame& frame = frames_.back();
  take_memory(2 * value.size() + kSeenKeyBytes);
  frame.keys_memory += kSeenKeyBytes + value.size();
  if (!frame.keys.insert(value).second)
    refuse(reading_.reached(), "key \"" + excerpt(value) + "\" is given twice in one object");
  frame.key = std::move(value);
  return true;
}

bool JsonBuilder::parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
  refuse(position + reading_.left_out(), "not valid JSON: " + excerpt(reason(error.what()), kLongestReason));
}

bool JsonBuilder::start_array(std::size_t) {
  const bool top = frames_.size() == 1 && frames_.back().value.is_object();
  const auto wanted =
      std::find_if(numbers_.begin(), numbers_.end(), [&](const auto& n) { return top && n.key == frames_[0].key; });
  open(Json::array());
  if (wanted == numbers_.end()) return true;
  // All the room at once: growing would leave holes as large as the numbers.
  const std::string_view rest = reading_.text().substr(reading_.reached());
  const std::string_view array = rest.substr(0, rest.find(']'));
  const auto items = static_cast<std::size_t>(std::count(array.begin(), array.end(), ',')) + 1;
  take_memory(items * sizeof(Index));
  aside_ = &wanted->values;
  aside_->reserve(items);
  return true;
}

bool JsonBuilder::end_array() {
  aside_ = nullptr;
  return close();
}

bool JsonBuilder::put(number_unsigned_t value) {
  if (value > std::uint64_t{INT64_MAX}) return add(value);
  aside_->push_back(static_cast<Index>(value));
  return true;
}

bool JsonBuilder::open(Json value) {
  if (aside_ != nullptr) return add(std::move(value));
  if (static_cast<Index>(frames_.size()) >= limits_.depth)
    refuse(reading_.reached(),
           "expected at most " + std::to_string(limits_.depth) + " levels of arrays and objects, found more");
  take_memory(kHeapBytes);
  frames_.push_back({std::move(value), {}, {}, 0});
  return true;
}

bool JsonBuilder::close() {
  Json value = std::move(frames_.back().value);
  memory_ -= frames_.back().keys_memory;
  frames_.pop_back();
  return add(std::move(value));
}

bool JsonBuilder::add(Json value) {
  if (aside_ != nullptr)
    throw Error(Exit::bad_data, std::string(name_) + ": " + frames_[0].key + "." + std::to_string(aside_->size()) +
                                    ": expected an integer from 0 to 2^63 - 1, found " +
                                    (value.is_structured() ? value.type_name() : excerpt(json_text(value))));
  if (frames_.empty()) {
    root_ = std::move(value);
    return true;
  }
  Frame& frame = frames_.back();
  // Straight into the vector below the map: its own insertion searches all keys, quadratic for large objects.
  if (frame.value.is_object()) {
    auto& members = frame.value.get_ref<Json::object_t&>();
    make_room(members);
    members.emplace_back(std::move(frame.key), std::move(value));
  } else {
    auto& items = frame.value.get_ref<Json::array_t&>();
    make_room(items);
    items.push_back(std::move(value));
  }
  return true;
}

}  // namespace moelm
