#include "manual/inline_markdown.hpp"

#include <algorithm>
#include <array>

#include "common/roff.hpp"

namespace moelm {

namespace {

struct Span {
  std::string_view marker;
  bool bold;
  bool nested;  ///< whether other markers count inside
};

constexpr std::array<Span, 3> kSpans = {{{"`", true, false}, {"**", true, true}, {"*", false, true}}};

class Inline {
 public:
  explicit Inline(std::string_view text) : rest_(text) {}

  std::string converted() {
    while (!rest_.empty())
      if (!span() && !link()) plain_ += take(rest_.starts_with("\\|") ? 2 : 1).back();
    flush();
    return result_;
  }

 private:
  std::string_view take(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  /// Everything up to now as one text, so that roff() sees where lines begin.
  void flush() {
    std::string text = roff(plain_);
    if (!result_.empty() && text.starts_with("\\&")) text.erase(0, 2);
    result_ += text;
    plain_.clear();
  }

  bool span() {
    const auto opened =
        std::find_if(kSpans.begin(), kSpans.end(), [&](const Span& s) { return rest_.starts_with(s.marker); });
    if (opened == kSpans.end()) return false;
    const std::size_t size = opened->marker.size(), end = rest_.find(opened->marker, size);
    // A star among blanks is a product.
    if (end == std::string_view::npos || end == size || rest_[size] == ' ') return false;
    flush();
    const std::string_view inner = rest_.substr(size, end - size);
    std::string text = opened->nested ? inline_markdown(inner) : roff(inner);
    if (!opened->nested) text = without_escapes(text);
    result_ += (opened->bold ? "\\fB" : "\\fI") + text + "\\fR";
    rest_.remove_prefix(end + size);
    return true;
  }

  /// Inside a table a code span has its bars escaped.
  static std::string without_escapes(std::string text) {
    for (std::size_t at = text.find("\\e|"); at != std::string::npos; at = text.find("\\e|", at)) text.erase(at, 2);
    return text;
  }

  bool link() {
    if (!rest_.starts_with("[")) return false;
    const std::size_t middle = rest_.find("]("), end = rest_.find(')', std::min(middle, rest_.size()));
    if (middle == std::string_view::npos || end == std::string_view::npos) return false;
    if (rest_.substr(1, middle - 1).find('[') != std::string_view::npos) return false;
    flush();
    const std::string_view text = rest_.substr(1, middle - 1);
    // The one document that is a page itself.
    result_ += text == "options.md" ? "\\fBmoelm\\-options\\fR(5)" : inline_markdown(text);
    rest_.remove_prefix(end + 1);
    return true;
  }

  std::string_view rest_;
  std::string plain_, result_;
};

}  // namespace

std::string inline_markdown(std::string_view text) { return Inline(text).converted(); }

}  // namespace moelm
