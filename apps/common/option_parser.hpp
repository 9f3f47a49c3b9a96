// The words of a command line, sorted into options with their values and the rest. No other file knows CLI11.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace moelm {

/// A mistake that the parser finds.
struct ParseMistake {
  std::string message;
  std::string option;  ///< the option that has too few values; "" for other mistakes
};

/// Not thread-safe.
class OptionParser {
 public:
  OptionParser();
  ~OptionParser();

  /// `names` are separated by commas. `value` must outlive the parser.
  void add_flag(const std::string& names, bool& value);
  /// An option with one value, which may be repeated.
  void add_option(const std::string& name);

  /// Returns the words that are neither options nor their values. Throws ParseMistake.
  std::vector<std::string> parse(std::vector<std::string> words);

  bool given(const std::string& name) const;
  /// The values of an option, in their order.
  const std::vector<std::string>& values(const std::string& name) const;
  /// The value of an option that was given. Error(usage) if it was given with different values.
  std::string value(const std::string& name) const;

 private:
  struct App;
  std::unique_ptr<App> app_;
};

}  // namespace moelm
