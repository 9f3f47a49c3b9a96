// HTML and SVG that is well-formed and harmless by construction.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace moelm {

/// Builds a document. Tag and attribute names are literals of the program. Texts and attribute values are escaped here,
/// so no caller can forget it. Content is a function, so elements always close.
class HtmlWriter {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string>>;
  using Content = std::function<void()>;

  /// <tag attributes>content</tag>.
  void element(std::string_view tag, Attributes attributes, const Content& content);
  /// The same around plain text.
  void element(std::string_view tag, Attributes attributes, std::string_view text);
  /// An element of HTML without content and end tag (meta), or of SVG, closed in its tag (<rect/>).
  void empty(std::string_view tag, Attributes attributes);
  void text(std::string_view text);
  /// Literal markup of the program itself: the document type, a style sheet.
  void literal(std::string_view markup) { out_ += markup; }

  const std::string& str() const { return out_; }

 private:
  void start(std::string_view tag, Attributes attributes, std::string_view end);
  std::string out_;
};

}  // namespace moelm
