// Aligned text tables for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"

namespace moelm {

enum class Align { left, right };

/// Collects rows of cells, then prints them in columns two spaces apart under a heading. Cells and headings are
/// escaped here, so callers pass plain text.
class Table {
 public:
  /// A column; cells wider than `widest` columns (0: no limit) are shortened.
  void add_column(std::string_view heading, Align align = Align::right, Index widest = 0);

  /// REQUIRES as many cells as columns.
  void add_row(const std::vector<std::string>& cells);

  bool empty() const { return rows_.empty(); }

  /// The heading, a rule and the rows, each line after `indent` spaces and ending in a newline, without trailing
  /// blanks. Where `columns` (0: no limit) are too few, what is left-aligned is shortened, the widest first, down to 6
  /// columns each.
  std::string str(Index indent = 0, Index columns = 0) const;
  /// The same, but words of the last column, which is left-aligned then, go on in further lines where a row would be
  /// wider than `width` columns (0: no limit).
  std::string wrapped(Index indent, Index width) const;

 private:
  struct Column {
    std::string heading;
    Align align;
    Index widest;
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
