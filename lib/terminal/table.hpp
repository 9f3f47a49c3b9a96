// Aligned text tables for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"

namespace moelm {

enum class Align { left, right };

/// Collects rows of cells, then prints them under a heading in columns two spaces apart. Escapes cells and headings, so
/// callers pass plain text.
class Table {
 public:
  /// A column. Cells wider than `max_width` (0: no limit) are shortened.
  void add_column(std::string_view heading, Align align = Align::right, Index max_width = 0);

  /// REQUIRES as many cells as columns.
  void add_row(const std::vector<std::string>& cells);

  bool empty() const { return rows_.empty(); }

  /// The heading, a rule and the rows. Each line starts with `indent` spaces and ends in a newline, without trailing
  /// blanks. Where a row is wider than `columns` (0: no limit), left-aligned columns are shortened, the widest first,
  /// down to 6 characters each.
  std::string str(Index indent = 0, Index columns = 0) const;
  /// The same, but a row wider than `width` (0: no limit) continues its last column on further lines. REQUIRES a
  /// left-aligned last column.
  std::string wrapped(Index indent, Index width) const;

 private:
  struct Column {
    std::string heading;
    Align align;
    Index max_width;
    Index width;
  };
  /// Width of every column of a table that is `columns` wide at most.
  std::vector<Index> widths(Index columns) const;
  /// The heading and the rule below it.
  std::string head(const std::vector<Index>& widths, Index indent) const;
  void append_line(std::string& out, const std::vector<std::string>& cells, const std::vector<Index>& widths,
                   Index indent) const;
  void append_wrapped(std::string& out, std::vector<std::string> cells, std::vector<Index> widths, Index indent) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace moelm
