// JSON in and out: the one place that knows the library behind it.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/index.hpp"
#include "io/file.hpp"

namespace moelm {

/// A JSON value whose objects keep the order of their keys. Looking up a key is linear in the number of keys.
using Json = nlohmann::ordered_json;

/// What a document may cost before it is refused.
struct JsonLimits {
  Index bytes = Index{64} << 20;   ///< size of the text
  Index depth = 64;                ///< arrays and objects within each other
  Index memory = Index{44} << 20;  ///< bytes that the value takes in memory, beside the text
};

/// Numbers of an array that is the value of `key` in the document's outermost object, kept in eight bytes each instead
/// of as JSON values: for arrays as long as a vocabulary.
struct JsonNumbers {
  std::string_view key;
  std::vector<Index> values;
};

/// Parses one document. `name` is what errors call it. Duplicate keys, anything after the value, invalid UTF-8 and
/// documents beyond the limits are Error(bad_data) naming the byte offset. Takes time linear in the text. In the value
/// that is returned the arrays of `numbers` are empty; whatever in them is not a number from 0 to 2^63 - 1 is refused.
Json parse_json(std::string_view text, std::string_view name, const JsonLimits& limits = {},
                std::span<JsonNumbers> numbers = {});

/// The same for a file, which is not read if it is larger than the limit. A missing file is Error(missing_input).
Json read_json(const std::string& path, const JsonLimits& limits = {}, Links links = Links::follow);

/// Text of a value, on one line, or indented by `indent` spaces; harmless: what acts on a terminal is \uXXXX. Numbers
/// are the shortest that read back as the same double; what is not UTF-8 becomes U+FFFD; NaN and infinities, which JSON
/// does not have, become the strings "NaN", "Infinity" and "-Infinity", never null.
std::string json_text(const Json& value, int indent = -1);

/// A float as the double with the shortest decimal form that reads back as the same float (0.1, not 0.10000000149).
Json json_float(float value);

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

  Index integer(Index least, Index greatest) const;
  double number() const;
  bool boolean() const;
  const std::string& text() const;
  const Json& value() const { return *value_; }

  /// Throws Error(bad_data): "FILE: FIELD: expected EXPECTED, found <this value>".
  [[noreturn]] void refuse(const std::string& expected) const;
  /// The same with what was found in words.
  [[noreturn]] void refuse(const std::string& expected, const std::string& found) const;
  const std::string& file() const { return file_; }
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
