// The command line before it is parsed, and hints about wrong options.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/command_description.hpp"

namespace moelm {

/// Options that take values. Others take none.
using OptionsWithValues = std::map<std::string, OptionValues>;
OptionsWithValues options_with_values(const CommandDescription& command);

/// Repeats the name of an option before each of its values ("--train a b" becomes "--train a --train b"), so the parser
/// needs no lists and a file name in brackets stays a name.
std::vector<std::string> one_value_each(const std::vector<std::string>& arguments, const OptionsWithValues& options);

/// The first long option with one dash ("-out") that is not the value of an option before it, or "".
std::string single_dash_option(const std::vector<std::string>& arguments, const OptionsWithValues& options);

/// What was found in the place of a value of this option, "the option --json" or "an empty value"; "" for a value.
std::string no_value(const CommandDescription& command, const DeclaredOption& option, const std::string& typed);

/// The option of `names` ("--out") that was probably meant by "--output", "-out" or "-o"; "" for none.
std::string meant_option(std::string_view typed, const std::vector<std::string>& names);

}  // namespace moelm
