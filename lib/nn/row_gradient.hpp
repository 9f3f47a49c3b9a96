// Gradient of a table of which a step reads few rows.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/matrix.hpp"

namespace moelm {

/// Row index[i] of the table has the gradient rows[i]; all other rows have none.
struct RowGradient {
  std::vector<std::int32_t> index;  ///< rising, without repetition
  Matrix rows;                      ///< [index.size(), columns of the table]
};

/// Makes `gradient` one of all rows of a table [rows, columns], zero.
void take_whole_table(Index rows, Index columns, RowGradient& gradient);

/// total += part.
void add_rows(const RowGradient& part, RowGradient& total);

/// The same for the gradient of a whole table.
void add_rows(const RowGradient& part, MatrixView total);

}  // namespace moelm
