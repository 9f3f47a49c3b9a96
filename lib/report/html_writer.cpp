#include "report/html_writer.hpp"

#include "base/escape.hpp"

namespace moelm {

void HtmlWriter::start(std::string_view tag, Attributes attributes, std::string_view end) {
  out_.append("<").append(tag);
  for (const auto& [name, value] : attributes)
    out_.append(" ").append(name).append("=\"").append(escape_html(value)).append("\"");
  out_ += end;
}

void HtmlWriter::element(std::string_view tag, Attributes attributes, const Content& content) {
  start(tag, attributes, ">");
  content();
  out_.append("</").append(tag).append(">\n");
}

void HtmlWriter::element(std::string_view tag, Attributes attributes, std::string_view text) {
  start(tag, attributes, ">");
  out_.append(escape_html(text)).append("</").append(tag).append(">");
}

void HtmlWriter::empty(std::string_view tag, Attributes attributes) { start(tag, attributes, "/>"); }

void HtmlWriter::text(std::string_view text) { out_ += escape_html(text); }

}  // namespace moelm
