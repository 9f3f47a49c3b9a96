#include "generation/prompt.hpp"

#include <algorithm>

#include "base/quantity.hpp"

namespace moelm {

namespace {

constexpr std::size_t kNamedWords = 5;

void name_unknown_words(const EncodedText& encoded, Prompt& prompt) {
  for (std::size_t i = 0; i < encoded.flags.size() && prompt.unknown.size() < kNamedWords; ++i) {
    if (encoded.flags[i] != TokenFlag::unknown_word) continue;
    const std::string word(encoded.surface_text(static_cast<Index>(i)));
    if (std::find(prompt.unknown.begin(), prompt.unknown.end(), word) == prompt.unknown.end())
      prompt.unknown.push_back(word);
  }
}

}  // namespace

Prompt encode_prompt(const Tokenizer& tokenizer, std::string_view text, StateKind state) {
  const bool every_line_ends = tokenizer.keeps_bytes() && state == StateKind::reset;
  EncodedText encoded;
  encoded.keep_surface = true;
  while (!text.empty()) {
    const std::size_t line = every_line_ends ? text.find('\n') : std::string_view::npos;
    const bool whole = line != std::string_view::npos;
    tokenizer.encode(whole ? text.substr(0, line + 1) : text, encoded);
    if (whole) tokenizer.end_document(encoded);
    text.remove_prefix(whole ? line + 1 : text.size());
  }
  Prompt prompt{encoded.ids, encoded.words, encoded.unknown_words, {}};
  name_unknown_words(encoded, prompt);
  return prompt;
}

std::string prompt_note(const Prompt& prompt) {
  if (prompt.unknown_words == 0) return "";
  const double share = static_cast<double>(prompt.unknown_words) / static_cast<double>(prompt.words);
  const char* are = prompt.unknown_words == 1 ? " is" : " are";
  std::string text = "prompt: " + format_count(prompt.unknown_words) + " of " + format_counted(prompt.words, "word") +
                     " (" + format_printf("%.1f %%", 100 * share) + ")" + are + " not in the vocabulary and" + are +
                     " read as <unk>:";
  for (const std::string& word : prompt.unknown) text += " " + word;
  return text;
}

}  // namespace moelm
