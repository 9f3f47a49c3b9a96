#include "report/table.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/escape.hpp"

namespace moelm {

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

std::string Table::str(Index indent) const {
  std::vector<std::string> headings, rules;
  for (const Column& c : columns_) {
    headings.push_back(c.heading);
    rules.emplace_back(static_cast<std::size_t>(c.width), '-');
  }
  std::string out;
  append_line(out, headings, indent);
  append_line(out, rules, indent);
  for (const auto& row : rows_) append_line(out, row, indent);
  return out;
}

}  // namespace moelm
