// Where lists begin and end, and which lines are refused with what words.
#include "rescoring/nbest_reader.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/gzip_bytes.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

struct Found {
  std::vector<NbestList> lists;
  Index bad_lines = 0;
  bool looks_numbered = false;

  /// "id: words / words", a list each; "." for an empty line behind it.
  std::string text() const {
    std::string out;
    for (const NbestList& list : lists) {
      out += (list.header ? "[H] " : "") + list.id + ":";
      for (const Hypothesis& h : list.hypotheses) out += (&h == &list.hypotheses[0] ? " " : " / ") + h.words;
      out += list.empty_line ? " .\n" : "\n";
    }
    return out;
  }
};

Found read(const std::string& bytes, const NbestReading& how = {}) {
  const TemporaryDirectory directory;
  put_file(directory / "list", bytes);
  TextSource source = TextSource::open(directory / "list");
  NbestReader reader(source, how);
  Found found;
  for (NbestList list; reader.next(list);) found.lists.push_back(std::move(list));
  found.bad_lines = reader.bad_lines();
  found.looks_numbered = reader.looks_numbered();
  return found;
}

std::string error_of(const std::string& bytes, const NbestReading& how = {}) {
  CHECK(error_exit([&] { read(bytes, how); }) == Exit::bad_data);
  const std::string text = error_text([&] { read(bytes, how); });
  return text.substr(text.find(": ") + 2);
}

const NbestReading kKaldi{.format = NbestFormat::kaldi};

}  // namespace

TEST_CASE("lists of Kaldi and Moses end where the id changes") {
  CHECK(read("a x\na y z\nb x\na w\n", kKaldi).text() == "a: x / y z\nb: x\na: w\n");
  CHECK(read("a x\na y", kKaldi).text() == "a: x / y\n");
  CHECK(read("0 ||| x ||| ||| 1\n0 ||| y ||| ||| 2\n1 ||| z ||| ||| 3\n").text() == "0: x / y\n1: z\n");
  CHECK(read("", kKaldi).lists.empty());
}

TEST_CASE("an empty line ends a list in every form") {
  CHECK(read("a x\n\na y\n \n\nb z\n", kKaldi).text() == "a: x .\na: y .\n: .\nb: z\n");
  CHECK(read("-1.5 -2 1 x\n-1 -2 1 y\n\n-3 -2 1 z\n").text() == ": x / y .\n: z\n");
  CHECK(read("\n\na x\n", kKaldi).text() == ": .\n: .\na: x\n");
}

TEST_CASE("a header of SRILM begins a list") {
  CHECK(read("NBestList1.0\n(-1) x y\n(-2) z\nNBestList1.0\n(-3) w\n").text() == "[H] : x y / z\n[H] : w\n");
  CHECK(holds(error_of("NBestList2.0\n(-1) x ( st: 1 et: 2 )\n"),
              "line 1: header: expected NBestList1.0 or none, found NBestList2.0; nbest2-to-nbest1"));
}

TEST_CASE("line ends of Windows, a byte order mark and compression change nothing") {
  CHECK(read("\xEF\xBB\xBF"
             "a x\r\na y\r\n\r\nb z\r\n",
             kKaldi)
            .text() == "a: x / y .\nb: z\n");
  CHECK(read(gzip_bytes("a x\na y\nb z\n"), kKaldi).text() == "a: x / y\nb: z\n");
}

TEST_CASE("ids that are numbered make one list on request, and are noticed without") {
  const std::string text = "u-1 x\nu-2 y\nu-3 z\nv-1 x\nv-2 y\n";
  NbestReading how = kKaldi;
  CHECK(read(text, how).lists.size() == 5);
  CHECK(read(text, how).looks_numbered);
  CHECK_FALSE(read("u-1 x\nu-1 y\nu-2 z\nu-2 y\n", how).looks_numbered);
  CHECK_FALSE(read("u-1 x\nv-2 y\nw-3 z\n", how).looks_numbered);
  how.numbered_ids = true;
  CHECK(read(text, how).text() == "u: x / y / z\nv: x / y\n");
  CHECK(holds(error_of("u-1 x\nu y\n", how), "line 2: id: expected NAME-N (--numbered-ids), found u;"));
}

TEST_CASE("malformed lines are refused by number and field, or left out and counted") {
  const std::string text = "-1.5 -2 1 x\n-1 x 1 y\n-1 -2 1 z\n-1 -2 9 w\n";
  CHECK(error_of(text) == "line 2: lscore: expected a number, found x; --skip-bad leaves such lines out");
  const Found found = read(text, {.skip_bad = true});
  CHECK(found.text() == ": x / z\n");
  CHECK(found.bad_lines == 2);
  CHECK(found.lists[0].hypotheses[1].line == 3);
  CHECK(holds(error_of("a cat\n"),
              "line 1: format: expected a list of Moses or SRILM, found a cat; say which it is: --format kaldi"));
}

TEST_CASE("a line that is too long is refused or left out, and not kept in memory") {
  const std::string text = "a x\na " + std::string(kMaxNbestLineBytes, 'y') + "\na z\n";
  CHECK(holds(error_of(text, kKaldi), "line 2: length: expected at most 1.00 MiB"));
  NbestReading how = kKaldi;
  how.skip_bad = true;
  const Found found = read(text, how);
  CHECK(found.text() == "a: x / z\n");
  CHECK(found.bad_lines == 1);
  // At the end of the file, without a line end, and just short enough.
  CHECK(read("a " + std::string(3 * kMaxNbestLineBytes, 'y'), how).bad_lines == 1);
  CHECK(read("a " + std::string(kMaxNbestLineBytes - 2, 'y'), how).lists.size() == 1);
}

TEST_CASE("a hypothesis that its reader cannot use is malformed") {
  NbestReading how{.check = [](NbestFormat, const Hypothesis& h) { h.value("LM0"); }};
  const std::string text = "0 ||| x ||| LM0= -1 ||| 1\n0 ||| y ||| LM1= -1 ||| 2\n";
  CHECK(holds(error_of(text, how), "line 2: features: expected LM0, found LM1= -1;"));
  how.skip_bad = true;
  CHECK(read(text, how).text() == "0: x\n");
}
