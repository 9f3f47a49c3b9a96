#include "data/text_notes.hpp"

#include "base/quantity.hpp"
#include "terminal/format.hpp"

namespace moelm {

namespace {

std::string were(Index count) { return count == 1 ? " was " : " were "; }

void note_malformed(const TextFindings& text, std::vector<std::string>& notes) {
  const TextFaults& faults = text.faults;
  if (faults.malformed == 0) return;
  std::string note = format_counted(faults.malformed, "malformed UTF-8 sequence") + were(faults.malformed) +
                     (text.kept ? "kept" : "replaced by U+FFFD");
  if (text.bytes > 0)
    note += " (" + format_percent(static_cast<double>(faults.malformed) / static_cast<double>(text.bytes), 2) +
            " of the bytes)";
  // In Latin-1 nearly all of them are single letters; what merely was damaged has other faults as well.
  if (10 * faults.lone_letters >= 9 * faults.malformed)
    note += "; the text looks like Latin-1 (ISO-8859-1, Windows-1252): iconv -f WINDOWS-1252 -t UTF-8";
  notes.push_back(note);
}

}  // namespace

std::vector<std::string> text_notes(const TextFindings& text) {
  std::vector<std::string> notes;
  note_malformed(text, notes);
  const Index returns = text.faults.carriage_returns, order_marks = text.faults.byte_order_marks;
  if (returns > 0)
    notes.push_back(format_counted(returns, "line end") + (returns == 1 ? " is CR LF" : " are CR LF") + " and" +
                    were(returns) + (text.kept ? "kept" : "read as LF"));
  if (order_marks > 0)
    notes.push_back(format_counted(order_marks, "byte order mark") + were(order_marks) +
                    (text.kept ? "kept" : "dropped"));
  if (text.marks > 0)
    notes.push_back(
        "<s>, </s> or <unk> " +
        (text.marks == 1 ? std::string("stands once") : "stand " + format_count(text.marks) + " times") +
        " in the text and" + were(text.marks) +
        "read as ordinary words, which spoils scores: line ends need no mark, so take <s> and </s> out (sed "
        "'s/<[/]*s>//g'); text with <unk> is for --tokenizer word");
  return notes;
}

}  // namespace moelm
