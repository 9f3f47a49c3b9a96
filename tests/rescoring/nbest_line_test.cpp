// Lines of n-best lists in three forms, and what is wrong with others.
#include "rescoring/nbest_line.hpp"

#include <cmath>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace moelm;

namespace {

std::string fault_of(NbestFormat format, const std::string& line, bool decipher = false) {
  try {
    parse_hypothesis(format, decipher, line);
  } catch (const NbestFault& fault) {
    return fault.what();
  }
  return "";
}

std::string fault_of_value(const Hypothesis& h, const std::string& name) {
  try {
    h.value(name);
  } catch (const NbestFault& fault) {
    return fault.what();
  }
  return "";
}

std::string whole(const Hypothesis& h) { return h.before + h.replaced + h.after; }

}  // namespace

TEST_CASE("kaldi: an id and words") {
  const Hypothesis h = parse_hypothesis(NbestFormat::kaldi, false, "utt-1 \tthe  cat sat ");
  CHECK(h.id == "utt-1");
  CHECK(h.words == "the  cat sat");
  CHECK(h.word_count == 3);
  CHECK(h.before == "utt-1");
  CHECK(whole(h) == "utt-1 \tthe  cat sat ");
  CHECK(h.value("words") == 3);
  CHECK(fault_of_value(h, "lscore") == "score lscore: expected a number, found nothing");
  const Hypothesis empty = parse_hypothesis(NbestFormat::kaldi, false, "utt-2");
  CHECK(empty.words.empty());
  CHECK(empty.word_count == 0);
}

TEST_CASE("srilm: two scores, the number of words, words") {
  const std::string line = "-1234.5 -20.25 2 the cat";
  const Hypothesis h = parse_hypothesis(NbestFormat::srilm, false, line);
  CHECK(h.words == "the cat");
  CHECK(h.value("ascore") == -1234.5);
  CHECK(h.value("lscore") == -20.25);
  CHECK(h.before == "-1234.5");
  CHECK(h.replaced == " -20.25");
  CHECK(h.after == " 2 the cat");
  CHECK_FALSE(h.marks);
  CHECK(parse_hypothesis(NbestFormat::srilm, false, "-1 -2 0").words.empty());
  const Hypothesis marked = parse_hypothesis(NbestFormat::srilm, false, "-1 -2 2 <s> the cat </s>");
  CHECK(marked.words == "the cat");
  CHECK(marked.word_count == 2);
  CHECK(marked.marks);
  CHECK(parse_hypothesis(NbestFormat::srilm, false, "-1 -2 0 <s> </s>").words.empty());
  CHECK(parse_hypothesis(NbestFormat::srilm, false, "-1 -2 0 </s>").words.empty());
  CHECK(fault_of(NbestFormat::srilm, "x -2 1 a") == "ascore: expected a number, found x");
  CHECK(fault_of(NbestFormat::srilm, "-1 nan 1 a") == "lscore: expected a number, found nan");
  CHECK(fault_of(NbestFormat::srilm, "-1 -2 a b") == "nwords: expected a number of words, found a");
  CHECK(fault_of(NbestFormat::srilm, "-1 -2 -1 b") == "nwords: expected a number of words, found -1");
  CHECK(fault_of(NbestFormat::srilm, "-1 -2") == "nwords: expected a number of words, found nothing");
  CHECK(fault_of(NbestFormat::srilm, "-1 -2 3 a b") == "words: expected 3 words, as nwords says, found 2 words");
  CHECK(fault_of(NbestFormat::srilm, "-1 -2 2 a") == "words: expected 2 words, as nwords says, found 1 word");
}

TEST_CASE("srilm after its header: one score in brackets, words") {
  const Hypothesis h = parse_hypothesis(NbestFormat::srilm, true, "(-2047) the cat");
  CHECK(h.value("score") == Approx(-2047 * 1024 / 10000.5 / std::log(10.0)));  // bytelogs
  CHECK(h.words == "the cat");
  CHECK(whole(h) == "(-2047) the cat");
  CHECK(holds(fault_of(NbestFormat::srilm, "-2047 the cat", true), "score: expected a number in brackets"));
  CHECK(holds(fault_of(NbestFormat::srilm, "(x) the cat", true), "score: expected a number"));
}

TEST_CASE("moses: sentence, words, features, score and more") {
  const std::string line = "0 ||| the cat ||| LM0= -20.5 TM0= -1 -2 -3.5 WordPenalty0= -2 ||| -7.25 ||| 0-0 1-1";
  const Hypothesis h = parse_hypothesis(NbestFormat::moses, false, line);
  CHECK(h.id == "0");
  CHECK(h.words == "the cat");
  CHECK(h.value("LM0") == -20.5);
  CHECK(h.value("TM0.1") == -1);
  CHECK(h.value("TM0.3") == -3.5);
  CHECK(h.value("score") == -7.25);
  CHECK(h.before == "0 ||| the cat ||| LM0= -20.5 TM0= -1 -2 -3.5 WordPenalty0= -2");
  CHECK(h.replaced == "-7.25");
  CHECK(h.after == " ||| 0-0 1-1");
  CHECK(holds(fault_of_value(h, "TM0"), "feature TM0: expected one value (TM0.1 is the first of several), found 3"));
  CHECK(holds(fault_of_value(h, "TM0.4"), "features: expected TM0.4, found LM0="));
  CHECK(holds(fault_of_value(h, "TM0.0"), "features: expected"));
  const Hypothesis old = parse_hypothesis(NbestFormat::moses, false, "3 ||| ||| d: 0 -1 lm: -2 ||| -3");
  CHECK(old.words.empty());
  CHECK(old.value("d.2") == -1);
  CHECK(old.value("lm") == -2);
  CHECK(parse_hypothesis(NbestFormat::moses, false, "3 ||| a ||| lm: -2").scores.empty());
  CHECK(holds(fault_of(NbestFormat::moses, "the cat"), "fields: expected id ||| words ||| features ||| score"));
  CHECK(fault_of(NbestFormat::moses, "a ||| b ||| c ||| 1") == "id: expected the number of a sentence, found a");
  CHECK(fault_of(NbestFormat::moses, "1 ||| b ||| c ||| d") == "score: expected a number, found d");
  CHECK(fault_of(NbestFormat::moses, "1 ||| b ||| c ||| ") == "score: expected a number, found nothing");
}

TEST_CASE("a form is guessed only if no other is possible") {
  CHECK(detect_format("0 ||| a ||| b ||| 1") == NbestFormat::moses);
  CHECK(detect_format("NBestList1.0") == NbestFormat::srilm);
  CHECK(detect_format("-12.5 -3 2 the cat") == NbestFormat::srilm);
  CHECK(detect_format("-12.5 -3 0") == NbestFormat::srilm);
  for (const char* other : {"utt-1 the cat", "the cat sat", "5 1 2 3 4", "-12.5 -3 3 the cat", "a ||| b", "", "1"})
    CHECK_FALSE(detect_format(other).has_value());
}

TEST_CASE("numbered ids are names and numbers") {
  CHECK(numbered_name("spk-utt-12") == "spk-utt");
  for (const char* other : {"utt", "utt-", "utt-x", "-1"}) CHECK_THROWS_AS(numbered_name(other), NbestFault);
}
