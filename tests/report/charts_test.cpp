// Charts of the report page.
#include "report/charts.hpp"

#include <regex>

#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("no name to the left of a map is cut off") {
  HeatMap map;
  map.texts = {"title", "description"};
  map.columns = {"0", "1"};
  map.column_label = "expert";
  map.value = [](std::size_t, std::size_t) { return 0.0; };
  map.hint = [](std::size_t, std::size_t) { return std::string("hint"); };
  for (const char* row : {"7", "a longer name"}) {
    map.rows = {row};
    map.row_name_columns = static_cast<Index>(map.rows[0].size());
    HtmlWriter html;
    draw(html, map);
    const std::string page = html.str();
    const std::regex name("class=\"name end\" x=\"([0-9.]+)\"[^>]*>([^<]*)<");
    int names = 0;
    for (std::sregex_iterator i(page.begin(), page.end(), name), end; i != end; ++i, ++names)
      CHECK(std::stod((*i)[1]) >= 7 * static_cast<double>((*i)[2].length()));  // which end at x; 12 pixels high
    CHECK(names == 2);
  }
}
