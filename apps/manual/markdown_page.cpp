#include "manual/markdown_page.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>
#include <string_view>

#include "base/check.hpp"
#include "common/roff.hpp"
#include "manual/inline_markdown.hpp"

namespace moelm {

namespace {

enum class LineKind { blank, title, section, subsection, code, table, bullet, number, text };

bool is_number(std::string_view line) {
  const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  return digits > 0 && line.substr(digits).starts_with(". ");
}

LineKind kind_of(std::string_view line) {
  if (line.find_first_not_of(' ') == std::string_view::npos) return LineKind::blank;
  if (line.starts_with("# ")) return LineKind::title;
  if (line.starts_with("## ")) return LineKind::section;
  if (line.starts_with("### ")) return LineKind::subsection;
  if (line.starts_with("    ")) return LineKind::code;
  if (line.starts_with("|")) return LineKind::table;
  if (line.starts_with("- ")) return LineKind::bullet;
  return is_number(line) ? LineKind::number : LineKind::text;
}

std::string trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  return std::string(text.substr(begin, text.find_last_not_of(' ') + 1 - begin));
}

/// The cells of "| a | b |"; "\|" is a bar inside a cell.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::size_t begin = 1;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] != '|' || line[i - 1] == '\\') continue;
    cells.push_back(trimmed(std::string_view(line).substr(begin, i - begin)));
    begin = i + 1;
  }
  return cells;
}

/// Writes a document block by block.
class Page {
 public:
  explicit Page(std::vector<std::string> lines) : lines_(std::move(lines)) {}

  std::string body() {
    while (at_ < lines_.size()) block();
    return body_;
  }

 private:
  void block() {
    const std::string& line = lines_[at_];
    switch (kind_of(line)) {
      case LineKind::blank:
      case LineKind::title:
        ++at_;
        return;
      case LineKind::section:
        return heading(".SH ", line.substr(3));
      case LineKind::subsection:
        return heading(".SS ", line.substr(4));
      case LineKind::code:
        return code();
      case LineKind::table:
        return table();
      case LineKind::bullet:
        return item("\\(bu 2", 2);
      case LineKind::number:
        return item(line.substr(0, line.find(' ')) + " 4", line.find(' ') + 1);
      case LineKind::text:
        return paragraph();
    }
  }

  void heading(const char* macro, const std::string& title) {
    body_ += macro + inline_markdown(title) + "\n";
    after_heading_ = true;
    ++at_;
  }

  /// The text up to the end of its block, without the first `skip` bytes.
  std::string gathered(std::size_t skip) {
    std::string text = lines_[at_++].substr(skip);
    while (at_ < lines_.size() && kind_of(lines_[at_]) == LineKind::text) text += "\n" + trimmed(lines_[at_++]);
    return inline_markdown(text);
  }

  void paragraph() {
    begin_paragraph();
    body_ += gathered(0) + "\n";
  }

  void item(const std::string& label, std::size_t skip) {
    body_ += ".IP " + label + "\n" + gathered(skip) + "\n";
    after_heading_ = false;
  }

  void begin_paragraph() {
    if (!after_heading_) body_ += ".PP\n";
    after_heading_ = false;
  }

  void code() {
    begin_paragraph();
    body_ += ".RS 2\n.nf\n";
    for (; at_ < lines_.size(); ++at_) {
      const LineKind kind = kind_of(lines_[at_]);
      const bool goes_on = at_ + 1 < lines_.size() && kind_of(lines_[at_ + 1]) == LineKind::code;
      if (kind != LineKind::code && !(kind == LineKind::blank && goes_on)) break;
      body_ += kind == LineKind::blank ? "\\&\n" : roff(lines_[at_].substr(4)) + "\n";
    }
    body_ += ".fi\n.RE\n";
  }

  void table() {
    const std::vector<std::string> head = cells_of(lines_[at_]);
    for (at_ += 2; at_ < lines_.size() && kind_of(lines_[at_]) == LineKind::table; ++at_)
      row(head, cells_of(lines_[at_]));
    after_heading_ = false;
  }

  /// The first cell is the label; the last one is the text, with the others in brackets behind it.
  void row(const std::vector<std::string>& head, const std::vector<std::string>& cells) {
    if (cells.empty()) return;
    std::string more;
    for (std::size_t i = 1; i + 1 < cells.size() && i < head.size(); ++i)
      if (!cells[i].empty()) more += (more.empty() ? "" : "; ") + head[i] + ": " + cells[i];
    std::string text = cells.size() > 1 ? cells.back() : "";
    if (!more.empty()) text += (text.empty() ? "(" : " (") + more + ")";
    body_ += roff_entry(inline_markdown(cells[0]), text.empty() ? "\\&" : inline_markdown(text));
  }

  std::vector<std::string> lines_;
  std::size_t at_ = 0;
  bool after_heading_ = true;
  std::string body_;
};

/// The lines of the chosen sections. A single section needs no heading of its own.
std::vector<std::string> chosen_lines(const std::string& document, const PageContents& contents) {
  const std::set<std::string> named(contents.sections.begin(), contents.sections.end());
  std::set<std::string> missing = named;
  std::vector<std::string> lines;
  std::istringstream in(document);
  bool chosen = named.empty() || contents.leaves_out;
  for (std::string line; std::getline(in, line);) {
    const bool heading = kind_of(line) == LineKind::section;
    if (heading && !named.empty()) {
      missing.erase(line.substr(3));
      chosen = named.contains(line.substr(3)) != contents.leaves_out;
    }
    if (chosen && !(heading && named.size() == 1 && !contents.leaves_out)) lines.push_back(line);
  }
  if (!missing.empty())
    throw Error(Exit::bad_data, contents.name + ": expected a section \"" + *missing.begin() + "\", found none");
  return lines;
}

}  // namespace

std::string markdown_page(const std::string& document, const PageContents& contents) {
  return roff_title(contents.name, 5) + roff_section("NAME") + roff(contents.name) + " \\- " + roff(contents.summary) +
         "\n" + roff_section("DESCRIPTION") + Page(chosen_lines(document, contents)).body();
}

}  // namespace moelm
