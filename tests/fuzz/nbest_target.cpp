// The reader of n-best lists.
#include "fuzz/scratch.hpp"
#include "fuzz/targets.hpp"
#include "rescoring/nbest_output.hpp"
#include "text/text_source.hpp"

namespace moelm {

namespace {

std::vector<NbestList> read_lists(std::string_view bytes, const NbestReading& how, NbestFormat& format) {
  TextSource source = TextSource::open(put_scratch(bytes));
  NbestReader reader(source, how);
  std::vector<NbestList> lists;
  for (NbestList list; reader.next(list);) {
    if (!list.hypotheses.empty()) format = reader.format();
    lists.push_back(std::move(list));
  }
  return lists;
}

void use(std::string_view bytes, const NbestReading& how) {
  NbestFormat format{};
  std::string text;
  Index hypotheses = 0, again = 0;
  for (const NbestList& list : read_lists(bytes, how, format)) {
    const std::vector<RescoredHypothesis> scores(list.hypotheses.size());
    for (const Hypothesis& h : list.hypotheses) {
      promise(h.line >= 1 && h.word_count >= 0, "lines are counted from 1");
      promise(h.words.empty() == (h.word_count == 0), "words are counted");
    }
    hypotheses += static_cast<Index>(list.hypotheses.size());
    append_list(list, format, scores, {NbestRows::replace, false, false}, text);
    std::string rows;
    append_json(list, "list", scores, {}, rows);
  }
  if (hypotheses == 0 || format == NbestFormat::kaldi) return;
  for (const NbestList& list : read_lists(text, {.format = format}, format))
    again += static_cast<Index>(list.hypotheses.size());
  promise(again == hypotheses, "what is written in the place of a score is read again");
}

}  // namespace

std::string fuzz_nbest(std::string_view bytes) {
  for (const NbestFormat format : {NbestFormat::kaldi, NbestFormat::srilm, NbestFormat::moses}) {
    refusal_of([&] { use(bytes, {.format = format}); });
    refusal_of([&] { use(bytes, {.format = format, .numbered_ids = true, .skip_bad = true}); });
  }
  return refusal_of([&] { use(bytes, {}); });
}

}  // namespace moelm
