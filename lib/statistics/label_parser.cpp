#include "statistics/label_parser.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "text/text_repair.hpp"

namespace moelm {
namespace {

constexpr std::size_t kMaxLabelBytes = 200;
/// A longer line is not a label, even with blanks around it.
constexpr std::size_t kMaxLineBytes = std::size_t{64} << 10;

std::string_view trimmed(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

void LabelParser::add(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    line_.append(text.substr(0, std::min(length, kMaxLineBytes + 1)));
    if (length < text.size() || line_.size() > kMaxLineBytes) take_line();
    text.remove_prefix(std::min(length + 1, text.size()));
  }
}

PackedIntegers LabelParser::finish() {
  if (!line_.empty()) take_line();
  return std::move(numbers_);
}

void LabelParser::take_line() {
  const std::string_view line = numbers_.empty() ? without_byte_order_mark(line_) : std::string_view(line_);
  const std::string_view label = trimmed(line);
  if (label.size() > kMaxLabelBytes || line.size() > kMaxLineBytes)
    throw Error(Exit::bad_data, source_ + ": line " + std::to_string(numbers_.size() + 1) +
                                    ": expected a label of at most 200 bytes, found " +
                                    std::to_string(std::max(label.size(), kMaxLabelBytes + 1)) +
                                    "; give one label for each line of the text");
  numbers_.push_back(label.empty() ? -1 : labels_.number(std::string(label), source_));
  line_.clear();
}

}  // namespace moelm
