// Batches of whole lines: every line once per pass, within bounds, and continued from any position.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "batch/batch_source.hpp"
#include "batch/split_lines.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/random_bytes.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"
#include "tokenizer/byte_tokenizer.hpp"

using namespace moelm;

namespace {

using Ids = std::vector<std::int32_t>;
using Lines = std::multiset<Ids>;

std::unique_ptr<Tokenizer> bytes() { return make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1)); }

std::unique_ptr<Tokenizer> letters() { return tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d"}); }

/// Lines of letters and spaces, of very different lengths, some blank.
std::string some_lines(int count, std::uint64_t seed) {
  RandomBytes random(seed);
  std::string text;
  for (int i = 0; i < count; ++i) {
    for (std::uint64_t n = random.below(2 + random.below(40)); n > 0; --n)
      text += std::string(1, static_cast<char>('a' + random.below(6))) + (n > 1 ? " " : "");
    text += '\n';
  }
  return text;
}

struct Folder {
  Folder(const Tokenizer& tokenizer, const std::string& text) {
    put_data(directory / "data", tokenizer, {text, text, text});
  }
  Dataset open() const { return Dataset::open(directory / "data"); }
  TemporaryDirectory directory;
};

/// The targets of every stream of a batch. Its inputs have to be `end` and the targets of the step before.
std::vector<Ids> lines_of(const Batch& batch, std::int32_t end) {
  std::vector<Ids> lines(static_cast<std::size_t>(batch.sequence.streams()));
  for (Index t = 0; t < batch.sequence.steps(); ++t)
    for (Index b = 0; b < batch.sequence.active(t); ++b) {
      const auto row = static_cast<std::size_t>(batch.sequence.offset(t) + b);
      Ids& line = lines[static_cast<std::size_t>(b)];
      REQUIRE(batch.inputs[row] == (line.empty() ? end : line.back()));
      line.push_back(batch.targets[row]);
    }
  return lines;
}

/// The lines of a split in their order.
std::vector<Ids> read_lines(const Dataset& data, Index most) {
  std::vector<Ids> lines;
  SplitLines source(data, Split::train, StateKind::reset, most);
  for (LinePart part; source.next(part);) {
    REQUIRE(static_cast<Index>(part.ids.size()) <= most);
    lines.push_back(part.ids);
  }
  return lines;
}

bool same(const Batch& a, const Batch& b) {
  return a.inputs == b.inputs && a.targets == b.targets && a.sequence.steps() == b.sequence.steps() &&
         a.sequence.streams() == b.sequence.streams();
}

}  // namespace

TEST_CASE("a pass in whole lines has every line once, in batches within their bound that are nearly full") {
  const Folder folder(*letters(), some_lines(3000, 1));
  const Dataset data = folder.open();
  constexpr Index kTokens = 100;
  const std::vector<Ids> all = read_lines(data, kTokens);
  REQUIRE(all.size() == 3000);
  const auto batches = make_line_batches(data, Split::train, kTokens, 7);
  // Several pools of 64 batches.
  REQUIRE(batches->batches_per_pass() > 200);
  std::vector<Index> sizes[2];
  for (int pass = 0; pass < 2; ++pass) {
    Lines seen;
    Index tokens = 0, places = 0;
    for (Index i = 0; i < batches->batches_per_pass(); ++i) {
      REQUIRE(batches->position().pass == pass);
      REQUIRE(batches->position().index == i);
      Batch batch;
      REQUIRE(batches->next(batch));
      REQUIRE(batch.rows() <= kTokens);
      tokens += batch.rows();
      places += batch.sequence.streams() * batch.sequence.steps();
      sizes[pass].push_back(batch.sequence.steps());
      for (Ids& line : lines_of(batch, data.tokenizer().end_id())) seen.insert(std::move(line));
    }
    CHECK(seen == Lines(all.begin(), all.end()));
    CHECK(tokens == data.tokens(Split::train));
    // Lines of a batch have similar lengths: padding them to the longest would add little.
    CHECK(static_cast<double>(places) < 1.15 * static_cast<double>(tokens));
    CHECK(static_cast<double>(tokens) > 0.85 * static_cast<double>(kTokens * batches->batches_per_pass()));
  }
  CHECK(sizes[0] != sizes[1]);  // another order in another pass
}

TEST_CASE("batches of whole lines continue exactly from any batch of any pass") {
  for (const auto& tokenizer : {letters(), bytes()}) {
    const Folder folder(*tokenizer, some_lines(900, 2));
    const Dataset data = folder.open();
    const auto straight = make_line_batches(data, Split::train, 30, 7),
               jumping = make_line_batches(data, Split::train, 30, 7);
    const Index count = 2 * straight->batches_per_pass() + 3;
    REQUIRE(straight->batches_per_pass() > 130);
    std::vector<Batch> expected(static_cast<std::size_t>(count));
    std::vector<BatchPosition> positions;
    for (Batch& batch : expected) {
      positions.push_back(straight->position());
      straight->next(batch);
    }
    RandomBytes random(3);
    for (int round = 0; round < 60; ++round) {
      auto i = static_cast<std::size_t>(random.below(static_cast<std::uint64_t>(count)));
      jumping->seek(positions[i]);
      for (int n = 0; n < 4 && i < expected.size(); ++n, ++i) {
        Batch batch;
        jumping->next(batch);
        REQUIRE(same(batch, expected[i]));
      }
    }
  }
}

TEST_CASE("a position beyond the end of a pass is refused") {
  const Folder folder(*letters(), some_lines(50, 4));
  const Dataset data = folder.open();
  for (const bool lines : {true, false}) {
    const auto batches =
        lines ? make_line_batches(data, Split::train, 30, 7) : make_stream_batches(data, Split::train, 3, 5);
    const Index count = batches->batches_per_pass();
    batches->seek({2, count - 1});
    Batch batch;
    batches->next(batch);
    CHECK(batches->position().pass == 3);
    CHECK(error_exit([&] { batches->seek({0, count}); }) == Exit::bad_data);
    CHECK(error_exit([&] { batches->seek({0, -1}); }) == Exit::bad_data);
  }
}

TEST_CASE("a cut line loses nothing, wherever the cut falls") {
  // The text, and how its lines are read: N for the newline, E for </s>.
  const std::map<std::string, std::vector<std::string>> cases[] = {
      {{"abc", {"abc", "E"}}, {"ab", {"abE"}}, {"abcd", {"abc", "dE"}}, {"abcdef", {"abc", "def", "E"}}},
      {{"ab\n", {"abN", "E"}}, {"a\n", {"aNE"}}, {"abc\n", {"abc", "NE"}}, {"abcde\n", {"abc", "deN", "E"}}},
      {{"\n", {"NE"}}, {"ab\n\nabc", {"abN", "E", "NE", "abc", "E"}}}};
  for (const auto& table : cases)
    for (const auto& [text, expected] : table) {
      INFO(text);
      const Folder folder(*bytes(), text);
      const Dataset data = folder.open();
      std::vector<std::string> found;
      for (const Ids& line : read_lines(data, 3)) {
        found.emplace_back();
        for (const std::int32_t id : line) found.back() += id == 256 ? 'E' : id == '\n' ? 'N' : static_cast<char>(id);
      }
      CHECK(found == expected);
    }
}

TEST_CASE("lines of bytes in parts of any size are the same bytes, each line with its end") {
  const std::string text = some_lines(40, 5) + "the last one has no line end";
  const Folder folder(*bytes(), text);
  const Dataset data = folder.open();
  for (const Index most : {1, 2, 3, 7, 64, 5000}) {
    INFO(most);
    std::string joined;
    Index ends = 0;
    for (const Ids& part : read_lines(data, most))
      for (const std::int32_t id : part) {
        ends += id == 256 ? 1 : 0;
        if (id != 256) joined += static_cast<char>(id);
      }
    CHECK(joined == text);
    CHECK(ends == 41);
    // Reading from any place between two parts gives the same rest.
    SplitLines source(data, Split::train, StateKind::reset, most);
    LinePart part, again, after;
    while (source.next(part)) {
      SplitLines other(data, Split::train, StateKind::reset, most, source.place());
      const bool more = other.next(again);
      SplitLines copy(data, Split::train, StateKind::reset, most, source.place());
      REQUIRE(copy.next(after) == more);
      if (more) REQUIRE(again.ids == after.ids);
    }
  }
}
