// Manual pages of section 5, made of the documents that describe formats and options.
#pragma once

#include <string>
#include <vector>

namespace moelm {

/// What a page holds of a document.
struct PageContents {
  std::string name, summary;
  std::vector<std::string> sections;  ///< titles of "## ..."; empty for all
  bool leaves_out = false;            ///< all but the sections
};

/// The page in roff. Of Markdown it knows what the documents use: headings, paragraphs, lists, tables, indented code,
/// `code`, **strong**, *emphasis* and links. Error(bad_data) if a section that `contents` names is missing.
std::string markdown_page(const std::string& document, const PageContents& contents);

}  // namespace moelm
