// Tables of a page, which a script may sort, and regions that scroll where the screen is narrow.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/html_writer.hpp"

namespace moelm {

/// A region of its own that can be scrolled with the keyboard. `label` is what a screen reader calls it.
void scroll_region(HtmlWriter& html, const std::string& label, const HtmlWriter::Content& content);

struct HtmlTable {
  std::string caption;  ///< read out first
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;  ///< a row's first cell is its heading
  bool sortable = false;                       ///< by any column; needs the page's script
};

/// Draws a table in a region that scrolls. The last column may hold text of any length.
void draw(HtmlWriter& html, const HtmlTable& table);

}  // namespace moelm
