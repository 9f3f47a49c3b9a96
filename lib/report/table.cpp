#include "report/table.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/escape.hpp"
#include "base/terminal.hpp"

namespace moelm {

namespace {
constexpr Index kLeastLastColumn = 16;  // where the others leave it less, lines are wider
}

void Table::add_column(std::string_view heading, Align align, Index widest) {
  ensure(rows_.empty(), "columns of a table come before its rows");
  const std::string text = escape_terminal(heading);
  columns_.push_back({text, align, widest, display_width(text)});
}

void Table::add_row(const std::vector<std::string>& cells) {
  ensure(cells.size() == columns_.size(), "one cell for each column");
  std::vector<std::string> row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string text = escape_terminal(cells[i]);
    if (columns_[i].widest > 0) text = shorten(text, columns_[i].widest);
    columns_[i].width = std::max(columns_[i].width, display_width(text));
    row.push_back(std::move(text));
  }
  rows_.push_back(std::move(row));
}

void Table::append_line(std::string& out, const std::vector<std::string>& cells, Index indent) const {
  std::string line(static_cast<std::size_t>(indent), ' ');
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto blanks = static_cast<std::size_t>(columns_[i].width - display_width(cells[i]));
    if (i > 0) line += "  ";
    if (columns_[i].align == Align::right) line.append(blanks, ' ');
    line += cells[i];
    if (columns_[i].align == Align::left) line.append(blanks, ' ');
  }
  line.resize(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

Index Table::width_before_last() const {
  Index width = 0;
  for (std::size_t i = 0; i + 1 < columns_.size(); ++i) width += columns_[i].width + 2;
  return width;
}

void Table::append_row(std::string& out, std::vector<std::string> cells, Index indent, Index width) const {
  const auto room = static_cast<std::size_t>(std::max(width - indent - width_before_last(), kLeastLastColumn));
  if (width == 0 || display_width(cells.back()) <= static_cast<Index>(room)) return append_line(out, cells, indent);
  const std::string broken = wrap_words(cells.back(), room);
  for (std::size_t begin = 0, end = 0; begin < broken.size(); begin = end + 1) {
    end = std::min(broken.find('\n', begin), broken.size());
    cells.back() = broken.substr(begin, end - begin);
    append_line(out, cells, indent);
    cells.assign(cells.size(), "");
  }
}

std::string Table::str(Index indent, Index width) const {
  std::vector<std::string> headings, rules;
  for (const Column& c : columns_) {
    headings.push_back(c.heading);
    rules.emplace_back(static_cast<std::size_t>(c.width), '-');
  }
  const bool breaks = width > 0 && !columns_.empty();
  if (breaks) {
    const Index room = std::max(width - indent - width_before_last(), kLeastLastColumn);
    rules.back().resize(static_cast<std::size_t>(std::min(columns_.back().width, room)));
  }
  std::string out;
  append_line(out, headings, indent);
  append_line(out, rules, indent);
  for (const auto& row : rows_) append_row(out, row, indent, breaks ? width : 0);
  return out;
}

}  // namespace moelm
