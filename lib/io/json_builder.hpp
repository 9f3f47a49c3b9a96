// How the events of the JSON library's parser become a value: duplicate keys, too much depth and too much memory are
// refused, each with its place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "io/json.hpp"
#include "io/json_scan.hpp"

namespace moelm {

/// A text as the parser reads it: it tells where the parser stands, which the library itself tells only of syntax
/// errors, and leaves the contents of long strings out. Must outlive its iterators and stay where it is.
class JsonReading {
 public:
  JsonReading(std::string_view text, std::vector<LongString> strings) : text_(text), strings_(std::move(strings)) {}
  JsonReading(const JsonReading&) = delete;
  JsonReading& operator=(const JsonReading&) = delete;

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    Iterator(JsonReading& reading, std::size_t at) : reading_(&reading), at_(at) {}
    reference operator*() const { return reading_->text_[at_]; }
    Iterator& operator++() {
      at_ = reading_->after(at_);
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    JsonReading* reading_;
    std::size_t at_;
  };

  Iterator begin() { return {*this, 0}; }
  Iterator end() { return {*this, text_.size()}; }

  std::string_view text() const { return text_; }
  /// Bytes read so far, those left out included.
  std::size_t reached() const { return reached_; }
  /// Of these, the bytes left out.
  std::size_t left_out() const { return left_out_; }
  /// The long string that the parser has just read as "", or nullptr.
  const LongString* just_read() const {
    return next_ > 0 && reached_ == strings_[next_ - 1].end + 1 ? &strings_[next_ - 1] : nullptr;
  }

 private:
  std::size_t after(std::size_t at) {
    ++at;
    if (next_ < strings_.size() && at == strings_[next_].begin) {
      left_out_ += strings_[next_].end - at;
      at = strings_[next_++].end;
    }
    return reached_ = at;
  }

  std::string_view text_;
  std::vector<LongString> strings_;
  std::size_t next_ = 0, reached_ = 0, left_out_ = 0;
};

/// Takes the parser's events; errors are Error(bad_data).
class JsonBuilder : public nlohmann::json_sax<Json> {
 public:
  JsonBuilder(std::string_view name, const JsonReading& reading, const JsonLimits& limits,
              std::span<JsonNumbers> numbers)
      : name_(name), reading_(reading), limits_(limits), numbers_(numbers) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return aside_ != nullptr ? put(value) : add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override;
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override;
  bool end_object() override { return close(); }
  bool end_array() override;
  bool key(string_t& value) override;
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error) override;

 private:
  struct Frame {
    Json value;
    std::string key;
    std::unordered_set<std::string> keys;
    std::size_t keys_memory = 0;
  };

  [[noreturn]] void refuse(std::size_t byte, const std::string& what) const;
  void take_memory(std::size_t bytes);
  /// Before one more item is added: what a vector takes when it has to grow, for a moment beside what it has.
  template <class Vector>
  void make_room(const Vector& items) {
    if (items.size() < items.capacity()) return;
    constexpr std::size_t kItem = sizeof(typename Vector::value_type);
    take_memory(std::max<std::size_t>(1, 2 * items.capacity()) * kItem);
    memory_ -= items.capacity() * kItem;
  }
  bool open(Json value);
  bool close();
  bool add(Json value);
  bool put(number_unsigned_t value);
  std::string decoded(const LongString& place) const;

  std::string_view name_;
  const JsonReading& reading_;
  JsonLimits limits_;
  std::span<JsonNumbers> numbers_;
  std::vector<Index>* aside_ = nullptr;  ///< takes the numbers of the array that is open
  std::size_t memory_ = 0;
  Json root_;
  std::vector<Frame> frames_;
};

}  // namespace moelm
