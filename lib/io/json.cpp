#include "io/json.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

/// Reads a text and tells where the parser stands, which the library itself tells only of syntax errors.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* position;
  const char** reached;

  reference operator*() const { return *position; }
  CountingIterator& operator++() {
    *reached = ++position;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return position == other.position; }
};

std::string place(std::string_view name, Index byte) { return std::string(name) + ": byte " + std::to_string(byte); }

/// "[json.exception.parse_error.101] parse error at line 1, column 5: WHAT" -> WHAT.
std::string reason(const std::string& message) {
  const auto column = message.find("column ");
  const auto start = column == std::string::npos ? message.find("] ") : message.find(": ", column);
  return start == std::string::npos ? message : message.substr(start + 2);
}

/// Builds the value from the parser's events, refusing duplicate keys and too much depth.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view name, const char* begin, const char* const* reached, Index depth)
      : name_(name), begin_(begin), reached_(reached), depth_(depth) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& value) override {
    Frame& frame = frames_.back();
    if (!frame.keys.insert(value).second) refuse("key \"" + value + "\" is given twice in one object");
    frame.key = std::move(value);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) override {
    throw Error(Exit::bad_data, place(name_, static_cast<Index>(position)) + ": not valid JSON: " + reason(e.what()));
  }

 private:
  struct Frame {
    Json value;
    std::string key;
    std::unordered_set<std::string> keys;
  };

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(Exit::bad_data, place(name_, *reached_ - begin_) + ": " + what);
  }

  bool open(Json value) {
    if (static_cast<Index>(frames_.size()) >= depth_)
      refuse("expected at most " + std::to_string(depth_) + " levels of arrays and objects, found more");
    frames_.push_back({std::move(value), {}, {}});
    return true;
  }

  bool close() {
    Json value = std::move(frames_.back().value);
    frames_.pop_back();
    return add(std::move(value));
  }

  bool add(Json value) {
    if (frames_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Frame& frame = frames_.back();
    // Straight into the vector below the map: its own insertion searches all keys, quadratic for large objects.
    if (frame.value.is_object())
      frame.value.get_ref<Json::object_t&>().emplace_back(std::move(frame.key), std::move(value));
    else
      frame.value.get_ref<Json::array_t&>().push_back(std::move(value));
    return true;
  }

  std::string_view name_;
  const char* begin_;
  const char* const* reached_;
  Index depth_;
  Json root_;
  std::vector<Frame> frames_;
};

void require_size(Index bytes, std::string_view name, const JsonLimits& limits) {
  if (bytes > limits.bytes)
    throw Error(Exit::bad_data, std::string(name) + ": expected JSON of at most " + std::to_string(limits.bytes) +
                                    " bytes, found " + std::to_string(bytes));
}

bool all_finite(const Json& value) {
  if (value.is_number_float()) return std::isfinite(value.get<double>());
  if (value.is_structured())
    for (const Json& item : value)
      if (!all_finite(item)) return false;
  return true;
}

void name_non_finite(Json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    const double x = value.get<double>();
    value = std::isnan(x) ? "NaN" : x > 0 ? "Infinity" : "-Infinity";
  }
  if (value.is_structured())
    for (Json& item : value) name_non_finite(item);
}

}  // namespace

Json parse_json(std::string_view text, std::string_view name, const JsonLimits& limits) {
  require_size(static_cast<Index>(text.size()), name, limits);
  const char* reached = text.data();
  Builder builder(name, text.data(), &reached, limits.depth);
  Json::sax_parse(CountingIterator{text.data(), &reached}, CountingIterator{text.data() + text.size(), &reached},
                  &builder);
  return builder.take();
}

Json read_json(const std::string& path, const JsonLimits& limits) {
  return parse_json(read_file(path, limits.bytes), path, limits);
}

std::string json_text(const Json& value, int indent) {
  constexpr auto kReplace = Json::error_handler_t::replace;
  if (all_finite(value)) return value.dump(indent, ' ', false, kReplace);
  Json named = value;
  name_non_finite(named);
  return named.dump(indent, ' ', false, kReplace);
}

Json json_float(float value) {
  if (!std::isfinite(value)) return static_cast<double>(value);
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double number = 0;
  std::from_chars(text, end, number);
  return number;
}

bool JsonField::has(std::string_view key) const {
  return value_->is_object() && value_->find(std::string(key)) != value_->end();
}

JsonField JsonField::at(std::string_view key) const {
  if (!value_->is_object()) refuse("an object");
  const auto found = value_->find(std::string(key));
  if (found == value_->end()) throw Error(Exit::bad_data, file_ + ": " + field_of(key) + ": missing");
  return {*found, file_, field_of(key)};
}

JsonField JsonField::at(Index item) const {
  if (item < 0 || item >= size())
    throw Error(Exit::bad_data, file_ + ": " + field_of(std::to_string(item)) + ": missing");
  return {(*value_)[static_cast<std::size_t>(item)], file_, field_of(std::to_string(item))};
}

Index JsonField::size() const {
  if (!value_->is_array()) refuse("an array");
  return static_cast<Index>(value_->size());
}

Index JsonField::integer(Index least, Index greatest) const {
  const bool fits = value_->is_number_integer() &&
                    !(value_->is_number_unsigned() && value_->get<std::uint64_t>() > std::uint64_t{INT64_MAX});
  if (!fits || value_->get<Index>() < least || value_->get<Index>() > greatest)
    refuse("an integer from " + std::to_string(least) + " to " + std::to_string(greatest));
  return value_->get<Index>();
}

double JsonField::number() const {
  if (!value_->is_number()) refuse("a number");
  return value_->get<double>();
}

bool JsonField::boolean() const {
  if (!value_->is_boolean()) refuse("true or false");
  return value_->get<bool>();
}

const std::string& JsonField::text() const {
  if (!value_->is_string()) refuse("a string");
  return value_->get_ref<const std::string&>();
}

void JsonField::refuse(const std::string& expected) const {
  constexpr std::size_t kShown = 60;
  std::string found = value_->is_structured() ? value_->type_name() : json_text(*value_);
  if (found.size() > kShown) found = found.substr(0, kShown) + "...";
  throw Error(Exit::bad_data,
              file_ + ": " + (field_.empty() ? "" : field_ + ": ") + "expected " + expected + ", found " + found);
}

std::string JsonField::field_of(std::string_view part) const {
  return field_.empty() ? std::string(part) : field_ + "." + std::string(part);
}

}  // namespace moelm
