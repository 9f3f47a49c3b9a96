// Reading and writing JSON. No other file knows the library behind it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "base/index.hpp"
#include "base/option.hpp"
#include "io/file.hpp"

namespace moelm {

/// A JSON value whose objects keep the order of their keys. Looking up a key is linear in the number of keys.
using Json = nlohmann::ordered_json;

/// What a document may cost before it is refused.
struct JsonLimits {
  Index bytes = Index{64} << 20;   ///< size of the text
  Index depth = 64;                ///< nesting of arrays and objects
  Index memory = Index{44} << 20;  ///< bytes of the value in memory, without the text
};

/// Parses one document. `name` appears in error messages. Repeated keys, anything after the value, invalid UTF-8,
/// strings of more than 64 KiB and documents beyond the limits are Error(bad_data), naming the key or the byte unless
/// the whole is too large. Takes time linear in the text.
Json parse_json(std::string_view text, std::string_view name, const JsonLimits& limits = {});

/// The same for a file, which is not read if it is larger than the limit. A missing file is Error(missing_input).
Json read_json(const std::string& path, const JsonLimits& limits = {}, Links links = Links::follow);

/// The number, or null for NaN and infinities, which JSON has not.
Json value_or_null(double value);

/// The text of a value, on one line or indented by `indent` spaces. Characters that act on a terminal are \uXXXX.
/// Numbers are the shortest that read back as the same double. Bytes that are not UTF-8 become U+FFFD. JSON has no NaN
/// and no infinities: they become the strings "NaN", "Infinity" and "-Infinity", never null.
std::string json_text(const Json& value, int indent = -1);

/// A value of a document with the name of its place ("run/config.json: model.layers.2"), so that a missing key, a wrong
/// type or a number out of range is Error(bad_data) saying where, what was expected and what was found. Refers to the
/// document, which must outlive it.
class JsonField {
 public:
  JsonField(const Json& value, std::string file) : value_(&value), file_(std::move(file)) {}

  bool has(std::string_view key) const;
  JsonField at(std::string_view key) const;
  JsonField at(Index item) const;
  /// Number of items of an array.
  Index size() const;

  Index integer(Index min, Index max) const;
  double number() const;
  bool boolean() const;
  const std::string& text() const;
  /// A value of an enum with EnumNames, by its spelling.
  template <class E>
  E choice() const {
    if (const std::optional<E> value = parse_enum<E>(text())) return *value;
    refuse(alternatives(enum_spellings<E>()));
  }
  const Json& value() const { return *value_; }

  /// Throws Error(bad_data): "FILE: FIELD: expected EXPECTED, found <this value>".
  [[noreturn]] void refuse(const std::string& expected) const;
  /// The same with what was found in words.
  [[noreturn]] void refuse(const std::string& expected, const std::string& found) const;
  /// "FILE: FIELD.part", as errors begin.
  std::string place(std::string_view part) const { return file_ + ": " + field_of(part); }

 private:
  JsonField(const Json& value, std::string file, std::string field)
      : value_(&value), file_(std::move(file)), field_(std::move(field)) {}
  std::string field_of(std::string_view part) const;

  const Json* value_;
  std::string file_;
  std::string field_;
};

}  // namespace moelm
