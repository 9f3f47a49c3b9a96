// moe-tokenize: text files to a folder of token shards.
#include <unistd.h>

#include <string>

#include "base/context.hpp"
#include "base/quantity.hpp"
#include "base/stop_signal.hpp"
#include "base/stopwatch.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "data/data_report.hpp"
#include "data/tokenize_corpus.hpp"
#include "terminal/console.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {
namespace {

void declare(Command& command, TokenizeOptions& options) {
  command.option("--out", "FOLDER", options.out, "folder to create; must be new or empty");
  command.list("--train", "FILE", options.train,
               "training text, plain or compressed (gz, xz, bz2, zst); - for standard input");
  command.input_option("--train");
  command.list("--valid", "FILE", options.valid, "validation text; default: the last 5 % of each training file");
  command.list("--test", "FILE", options.test, "test text; default: likewise");
  command.choice(
      "--tokenizer", options.kind,
      "text (default): raw text; word: text with spaces between tokens; byte: bytes; bpe: pieces of words, lossless");
  command.option("--vocab-size", "N", options.vocabulary_size, 1,
                 "maximum number of types, </s> and <unk> included; default: text 50,000, word all, bpe 16,384");
  command.option("--min-count", "N", options.min_count, 1, "rarer words become <unk>; default: text 2, word 1");
  command.flag("--lowercase", options.lowercase, "text and word: convert to lower case");
  command.option(
      "--vocab", "PATH", options.vocabulary,
      "keep the ids of a data or run folder or of a Hugging Face tokenizer.json (WordLevel, ByteLevel BPE); or "
      "take the words of a file: one a line, SRILM's vocabulary, fairseq's dict.txt");
  command.json_flag("print the result as JSON");
  command.example("--out data/ --train book.txt", "tokenize a text and hold its end back for validation and test");
  command.example("--out data/ --train a.txt.gz b.txt.gz --valid v.txt --test t.txt --tokenizer word",
                  "text that comes with spaces between words and punctuation");
  command.example("--out new/ --train new.txt --vocab run/", "more text for an existing model");
  command.example("--out new/ --train new.txt --vocab tokenizer.json", "the tokens of a tokenizer from Hugging Face");
  command.exit_code(Exit::bad_data, "an input is damaged or empty, or a tokenizer.json is of another kind");
  command.exit_code(Exit::missing_input, "an input is missing");
  command.exit_code(Exit::cannot_create, "the output folder is in use; nothing is ever overwritten");
  command.exit_code(Exit::stopped, "stopped by a signal; nothing was kept, run again");
}

constexpr double kQuietSeconds = 2;  // short work shows no progress

JobCallbacks callbacks_of(const StopSignal& signal, Console& console) {
  JobCallbacks callbacks;
  callbacks.stop = [&signal] { return signal.requested(); };
  callbacks.progress = [&console, watch = Stopwatch()](std::string_view pass, std::string_view input, Index bytes,
                                                       Index total) mutable {
    const double elapsed = watch.seconds();
    if (elapsed < kQuietSeconds) return;
    console.update(std::string(pass) + "  " + std::string(input) + "  " + format_bytes(bytes) +
                       (total > 0 ? " of " + format_bytes(total) : ""),
                   elapsed);
  };
  return callbacks;
}

int run(int argc, const char* const* argv) {
  Command command("moe-tokenize", "Turns text into a vocabulary and token shards for moe-train.",
                  "--out data/ --train FILE... [--valid FILE...] [--test FILE...] [options]");
  TokenizeOptions options;
  declare(command, options);
  if (const auto code = command.parse(argc, argv)) return *code;
  const StopSignal& signal = StopSignal::of_process();
  Console console(console_style(STDERR_FILENO, command.quiet()), console_writer());
  Context context(command.threads().threads);
  const TokenizeResult result = tokenize_corpus(options, context, callbacks_of(signal, console));
  console.finish();
  for (const std::string& note : data_notes(result)) console.note(note);
  print_text(command.json() ? data_report_json(options.out, result) : data_report_text(options.out, result));
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); }, moelm::ClosedPipe::is_ignored);
}
