#include "data/data_report.hpp"

#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "data/default_splits.hpp"
#include "data/text_facts.hpp"
#include "io/json.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"

namespace moelm {

namespace {

constexpr double kMega = 1e6;

double share(Index part, Index whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

Index total_bytes(const DataIndex& index) {
  Index bytes = 0;
  for (const SplitIndex& split : index.splits) bytes += split.bytes;
  return bytes;
}

/// Speed of encoding and writing, without the survey and the counting of words.
double megabytes_per_s(const TokenizeResult& result) {
  const double seconds = result.encoding_seconds;
  return seconds > 0 ? static_cast<double>(total_bytes(result.index)) / kMega / seconds : 0.0;
}

/// The time of each pass over the text, and the speed.
std::string passes_text(const TokenizeResult& result) {
  std::string text;
  const auto add = [&](const char* name, double seconds) {
    if (seconds > 0) text += std::string(name) + " " + format_fixed(seconds, 1) + " s, ";
  };
  add("finding splits", result.split_seconds);
  add("counting", result.counting_seconds);
  add("encoding", result.encoding_seconds);
  return text + format_fixed(megabytes_per_s(result), 1) + " MB/s";
}

void note_held_back(const TokenizeResult& result, std::vector<std::string>& notes) {
  if (!result.valid_held_back && !result.test_held_back) return;
  const bool both = result.valid_held_back && result.test_held_back;
  const std::string names = both ? "valid and test are" : result.valid_held_back ? "valid is" : "test is";
  notes.push_back(names + (both ? " each" : "") + " the last " + format_percent(kHeldBackShare, 0) +
                  " of each training file, at most " + format_counted(kMaxHeldBack, "token") +
                  "; give --valid and --test to choose");
  for (const Split split : {Split::valid, Split::test}) {
    const bool held_back = split == Split::valid ? result.valid_held_back : result.test_held_back;
    if (held_back && result.index.split(split).tokens == 0)
      notes.push_back(std::string(enum_name(split)) + " is empty: the training text is too short to hold some back");
  }
}

void note_text(const TokenizeResult& result, std::vector<std::string>& notes) {
  TextFacts text;
  for (const SplitIndex& split : result.index.splits) text.add(facts_of_split(split));
  const bool bytes_kept = text_bytes(result.index.kind) == TextBytes::any;
  for (const std::string& note : text_notes(text, bytes_kept)) notes.push_back(note);
}

void note_word_list(const TokenizeResult& result, std::vector<std::string>& notes) {
  const Index words = result.listed_words, never = result.unmatched_words;
  if (words < 0) return;
  if (words == 0)
    notes.push_back("the file of --vocab holds no words, so every word of the text is <unk>; is it the right file?");
  else if (never > 0)
    notes.push_back(format_count(never) + " of the " + format_counted(words, "word") +
                    " of --vocab can never occur: --tokenizer " + std::string(enum_name(result.index.kind)) +
                    " makes no such words (the first: " + result.unmatched_example + ")");
}

Json split_report(const SplitIndex& split) {
  return {{"lines", split.lines},
          {"words", split.words},
          {"tokens", split.tokens},
          {"oov", split.unknown_words},
          {"oov_rate", share(split.unknown_words, split.words)},
          {"unk", split.literal_unknown},
          {"bytes", split.bytes},
          {"malformed_utf8", split.faults.malformed},
          {"crlf", split.faults.carriage_returns},
          {"byte_order_marks", split.faults.byte_order_marks},
          {"files", split.inputs.size()},
          {"shards", split.shards.size()}};
}

}  // namespace

std::string data_report_text(const std::string& folder, const TokenizeResult& result) {
  Table table;
  table.add_column("split", Align::left);
  for (const char* heading : {"lines", "words", "tokens", "OOV", "OOV rate", "bytes"}) table.add_column(heading);
  for (const auto& [name, id] : EnumNames<Split>::values) {
    const SplitIndex& split = result.index.split(id);
    table.add_row({std::string(name), format_count(split.lines), format_count(split.words), format_count(split.tokens),
                   format_count(split.unknown_words), format_percent(share(split.unknown_words, split.words), 2),
                   format_count(split.bytes)});
  }
  return table.str() + "\nvocabulary " + format_count(result.index.vocabulary) + " (" +
         std::string(enum_name(result.index.kind)) + (result.index.lowercase ? ", lower case" : "") + "), " +
         passes_text(result) + ", written to " + escape_terminal(folder) + "\n";
}

std::string data_report_json(const std::string& folder, const TokenizeResult& result) {
  Json object = {{"out", to_valid_utf8(folder)},
                 {"checksum", result.checksum},
                 {"tokenizer", enum_name(result.index.kind)},
                 {"lowercase", result.index.lowercase},
                 {"vocabulary", result.index.vocabulary},
                 {"unk_in_training", !result.unknown_unseen},
                 {"seconds", result.seconds},
                 {"split_seconds", result.split_seconds},
                 {"counting_seconds", result.counting_seconds},
                 {"encoding_seconds", result.encoding_seconds},
                 {"mb_per_s", megabytes_per_s(result)}};
  for (const auto& [name, split] : EnumNames<Split>::values)
    object[std::string(name)] = split_report(result.index.split(split));
  return json_text(object) + "\n";
}

std::vector<std::string> data_notes(const TokenizeResult& result) {
  std::vector<std::string> notes;
  note_held_back(result, notes);
  note_text(result, notes);
  note_word_list(result, notes);
  notes.insert(notes.end(), result.vocabulary_notes.begin(), result.vocabulary_notes.end());
  if (result.unknown_unseen)
    notes.push_back(
        "<unk> never occurs in the training text, so the model cannot learn to expect unknown words, and each "
        "costs about 13 nats; give --min-count 2 or a smaller --vocab-size, or use --tokenizer bpe");
  return notes;
}

}  // namespace moelm
