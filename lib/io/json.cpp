#include "io/json.hpp"

#include <cmath>
#include <cstdint>

#include "base/error.hpp"
#include "base/escape.hpp"
#include "base/finite.hpp"

namespace moelm {

namespace {

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

Json value_or_null(double value) { return is_finite(value) ? Json(value) : Json(nullptr); }

std::string json_text(const Json& value, int indent) {
  constexpr auto kReplace = Json::error_handler_t::replace;
  if (all_finite(value)) return escape_json(value.dump(indent, ' ', false, kReplace));
  Json named = value;
  name_non_finite(named);
  return escape_json(named.dump(indent, ' ', false, kReplace));
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
  return value_->size();
}

Index JsonField::integer(Index min, Index max) const {
  const bool fits = value_->is_number_integer() &&
                    !(value_->is_number_unsigned() && value_->get<std::uint64_t>() > std::uint64_t{INT64_MAX});
  if (!fits || value_->get<Index>() < min || value_->get<Index>() > max)
    refuse("an integer from " + std::to_string(min) + " to " + std::to_string(max));
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
  refuse(expected, value_->is_structured() ? value_->type_name() : excerpt(json_text(*value_)));
}

void JsonField::refuse(const std::string& expected, const std::string& found) const {
  throw Error(Exit::bad_data,
              file_ + ": " + (field_.empty() ? "" : field_ + ": ") + "expected " + expected + ", found " + found);
}

std::string JsonField::field_of(std::string_view part) const {
  return field_.empty() ? std::string(part) : field_ + "." + std::string(part);
}

}  // namespace moelm
