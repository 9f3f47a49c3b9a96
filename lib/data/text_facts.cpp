#include "data/text_facts.hpp"

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "data/dataset.hpp"
#include "terminal/format.hpp"

namespace moelm {

namespace {

std::string were(Index count) { return count == 1 ? " was " : " were "; }

void note_malformed(const TextFacts& text, bool bytes_kept, std::vector<std::string>& notes) {
  const TextFaults& faults = text.faults;
  if (faults.malformed == 0) return;
  std::string note = format_counted(faults.malformed, "malformed UTF-8 sequence") + were(faults.malformed) +
                     (bytes_kept ? "kept" : "replaced by U+FFFD");
  if (text.bytes > 0)
    note += " (" + format_percent(static_cast<double>(faults.malformed) / static_cast<double>(text.bytes), 2) +
            " of the bytes)";
  // In Latin-1 nearly all of them are single letters; what merely was damaged has other faults as well.
  if (10 * faults.lone_letters >= 9 * faults.malformed)
    note += "; the text looks like Latin-1 (ISO-8859-1, Windows-1252): iconv -f WINDOWS-1252 -t UTF-8";
  notes.push_back(note);
}

}  // namespace

void TextFacts::add(const EncodedText& piece) {
  words += piece.words;
  unknown_words += piece.unknown_words;
  literal_unknown += piece.literal_unknown;
  bytes += piece.bytes;
  marks += piece.marks;
  faults.add(piece.faults);
  plain_spaces = plain_spaces && piece.plain_spaces;
}

void TextFacts::add(const TextFacts& other) {
  lines += other.lines;
  words += other.words;
  unknown_words += other.unknown_words;
  literal_unknown += other.literal_unknown;
  bytes += other.bytes;
  marks += other.marks;
  faults.add(other.faults);
  plain_spaces = plain_spaces && other.plain_spaces;
}

bool TextFacts::lossless(const Tokenizer& tokenizer) const {
  if (tokenizer.keeps_bytes()) return true;
  return !tokenizer.lowercase() && unknown_words == 0 && plain_spaces && !faults.any();
}

TextFacts facts_of_split(const SplitIndex& split) {
  return {split.lines, split.words, split.unknown_words, split.literal_unknown,
          split.bytes, split.marks, split.faults,        split.plain_spaces};
}

void require_tokens(const TextFacts& facts, Index tokens, const std::string& name) {
  if (facts.bytes > 0 && tokens > 0) return;
  throw Error(Exit::bad_data,
              name + ": expected text, found " + format_counted(facts.bytes, "byte") + " without a word or a line end");
}

std::string split_name(const Dataset& data, Split split) {
  return data.directory() + ", split " + std::string(enum_name(split));
}

void require_tokens(const Dataset& data, Split split) {
  if (data.tokens(split) > 0) return;
  throw Error(Exit::bad_data, data.directory() + ": split " + std::string(enum_name(split)) +
                                  ": expected tokens, found none; choose another with --split");
}

std::vector<std::string> text_notes(const TextFacts& text, bool bytes_kept) {
  std::vector<std::string> notes;
  note_malformed(text, bytes_kept, notes);
  const Index returns = text.faults.carriage_returns, order_marks = text.faults.byte_order_marks;
  if (returns > 0)
    notes.push_back(format_counted(returns, "line end") + (returns == 1 ? " is CR LF" : " are CR LF") + " and" +
                    were(returns) + (bytes_kept ? "kept" : "read as LF"));
  if (order_marks > 0)
    notes.push_back(format_counted(order_marks, "byte order mark") + were(order_marks) +
                    (bytes_kept ? "kept" : "dropped"));
  if (text.marks > 0)
    notes.push_back(
        "<s>, </s> or <unk> " +
        (text.marks == 1 ? std::string("stands once") : "stand " + format_count(text.marks) + " times") +
        " in the text and" + were(text.marks) +
        "read as ordinary words, which spoils scores; remove <s> and </s>, because line ends need no mark (sed "
        "'s/<[/]*s>//g'); for text with <unk> use --tokenizer word");
  return notes;
}

}  // namespace moelm
