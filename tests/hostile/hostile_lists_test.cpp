// N-best lists that must be refused, in little memory.
#include "hostile/refusal.hpp"
#include "rescoring/nbest_reader.hpp"
#include "text/text_source.hpp"

using namespace moelm;

TEST_CASE("n-best lists that are damaged or not what they seem are refused by line and field") {
  const auto read = [](const std::string& path) {
    TextSource source = TextSource::open(path);
    NbestReader reader(source, {});
    for (NbestList list; reader.next(list);) continue;
  };
  const std::string srilm = "-1.5 -2 1 a\n", moses = "0 ||| a ||| LM0= -1 ||| -1\n";
  require_refused(
      "list", read,
      {{"a plain text", "the cat sat on the mat\n", "line 1: format: expected"},
       {"numbers that may be words", "1 2 1 a\n", "line 1: format: expected"},
       {"a number that is none", srilm + "-1 1e999 1 a\n", "line 2: lscore: expected a number"},
       {"no number", srilm + "-1 -inf 1 a\n", "line 2: lscore: expected a number"},
       {"more words than there are", srilm + "-1 -2 9223372036854775807 a\n", "line 2: words: expected"},
       {"a number beyond all", srilm + "-1 -2 92233720368547758070 a\n", "line 2: nwords: expected"},
       {"cut after a score", srilm + "-1 -2", "line 2: nwords: expected"},
       {"a field too few", moses + "0 ||| a\n", "line 2: fields: expected"},
       {"a negative sentence", moses + "-1 ||| a ||| b ||| 1\n", "line 2: id: expected"},
       {"brackets without end", "NBestList1.0\n(-5 a\n", "line 2: score: expected"},
       {"lists with times", "NBestList2.0\n", "line 1: header: expected"},
       {"a line without end", srilm + "-1 -2 1 " + std::string(100 << 20, 'a'), "line 2: length: expected"}});
}
