#include "terminal/table.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/escape.hpp"
#include "terminal/terminal.hpp"

namespace moelm {

namespace {
constexpr Index kMinLastColumn = 16;  // where the others leave less, lines are wider
}

void Table::add_column(std::string_view heading, Align align, Index max_width) {
  ensure(rows_.empty(), "columns of a table come before its rows");
  const std::string text = escape_terminal(heading);
  columns_.push_back({text, align, max_width, display_width(text)});
}

void Table::add_row(const std::vector<std::string>& cells) {
  ensure(cells.size() == columns_.size(), "one cell for each column");
  std::vector<std::string> row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string text = escape_terminal(cells[i]);
    if (columns_[i].max_width > 0) text = shorten(text, columns_[i].max_width);
    columns_[i].width = std::max(columns_[i].width, display_width(text));
    row.push_back(std::move(text));
  }
  rows_.push_back(std::move(row));
}

std::vector<Index> Table::widths(Index columns) const {
  constexpr Index kMinWidth = 6;
  std::vector<Index> widths;
  Index sum = 2 * static_cast<Index>(columns_.size()) - 2;
  for (const Column& c : columns_) {
    widths.push_back(c.width);
    sum += c.width;
  }
  for (; columns > 0 && sum > columns; --sum) {
    std::size_t widest = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (columns_[i].align == Align::left && widths[i] > kMinWidth &&
          (widest == columns_.size() || widths[i] >= widths[widest]))
        widest = i;
    if (widest == columns_.size()) break;
    --widths[widest];
  }
  return widths;
}

void Table::append_line(std::string& out, const std::vector<std::string>& cells, const std::vector<Index>& widths,
                        Index indent) const {
  std::string line(indent, ' ');
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = shorten(cells[i], widths[i]);
    const auto blanks = static_cast<std::size_t>(widths[i] - display_width(cell));
    if (i > 0) line += "  ";
    if (columns_[i].align == Align::right) line.append(blanks, ' ');
    line += cell;
    if (columns_[i].align == Align::left) line.append(blanks, ' ');
  }
  line.resize(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

void Table::append_wrapped(std::string& out, std::vector<std::string> cells, std::vector<Index> widths,
                           Index indent) const {
  const std::string broken = wrap_words(cells.back(), widths.back());
  for (std::size_t begin = 0, end = 0; begin <= broken.size(); begin = end + 1) {
    end = std::min(broken.find('\n', begin), broken.size());
    cells.back() = broken.substr(begin, end - begin);
    widths.back() = std::max(widths.back(), display_width(cells.back()));  // a long word is kept whole
    append_line(out, cells, widths, indent);
    cells.assign(cells.size(), "");
  }
}

std::string Table::head(const std::vector<Index>& widths, Index indent) const {
  std::vector<std::string> headings, rules;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    headings.push_back(columns_[i].heading);
    rules.emplace_back(static_cast<std::size_t>(widths[i]), '-');
  }
  std::string out;
  append_line(out, headings, widths, indent);
  append_line(out, rules, widths, indent);
  return out;
}

std::string Table::str(Index indent, Index columns) const {
  const std::vector<Index> width = widths(columns > 0 ? std::max<Index>(columns - indent, 1) : 0);
  std::string out = head(width, indent);
  for (const auto& row : rows_) append_line(out, row, width, indent);
  return out;
}

std::string Table::wrapped(Index indent, Index width) const {
  if (width == 0 || columns_.empty()) return str(indent);
  std::vector<Index> fitting = widths(0);
  Index before_last = indent;
  for (std::size_t i = 0; i + 1 < fitting.size(); ++i) before_last += fitting[i] + 2;
  fitting.back() = std::min(fitting.back(), std::max(width - before_last, kMinLastColumn));
  std::string out = head(fitting, indent);
  for (const auto& row : rows_) append_wrapped(out, row, fitting, indent);
  return out;
}

}  // namespace moelm
