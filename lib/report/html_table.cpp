#include "report/html_table.hpp"

namespace moelm {

void scroll_region(HtmlWriter& html, const std::string& label, const HtmlWriter::Content& content) {
  html.element("div", {{"class", "scroll"}, {"role", "region"}, {"aria-label", label}, {"tabindex", "0"}}, content);
}

void draw(HtmlWriter& html, const HtmlTable& table) {
  scroll_region(html, table.caption, [&] {
    html.element("table", {{"class", table.sortable ? "sortable" : "plain"}}, [&] {
      html.element("caption", {}, table.caption);
      html.element("thead", {}, [&] {
        html.element("tr", {}, [&] {
          for (const std::string& heading : table.headings) html.element("th", {{"scope", "col"}}, heading);
        });
      });
      html.element("tbody", {}, [&] {
        for (const std::vector<std::string>& row : table.rows)
          html.element("tr", {}, [&] {
            for (std::size_t c = 0; c < row.size(); ++c)
              if (c == 0)
                html.element("th", {{"scope", "row"}}, row[c]);
              else
                html.element("td", {}, row[c]);
          });
      });
    });
  });
}

}  // namespace moelm
