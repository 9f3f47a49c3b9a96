// What stands on a command line before it is parsed, and what was probably meant where it cannot be.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace moelm {

/// How many values an option takes: those that are not named here take none.
enum class OptionValues { one, many };
using OptionsWithValues = std::map<std::string, OptionValues>;

/// The arguments, each value of an option with many preceded by the option's name ("--train a b" becomes "--train a
/// --train b"), so that a parser need not know of lists and a name in brackets stays a name.
std::vector<std::string> one_value_each(const std::vector<std::string>& arguments, const OptionsWithValues& options);

/// The first long option with one dash ("-out") that is not the value of an option before it, or "".
std::string single_dash_option(const std::vector<std::string>& arguments, const OptionsWithValues& options);

/// The option of `names` ("--out") that was probably meant by "--output", "-out" or "-o"; "" where none is near.
std::string meant_option(std::string_view typed, const std::vector<std::string>& names);

}  // namespace moelm
