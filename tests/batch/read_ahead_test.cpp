// Batches made ahead by another thread are the same batches, and its errors reach the caller.
#include "batch/read_ahead.hpp"

#include <atomic>

#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

/// Batches that hold their own number, `per_pass` per pass. One of them may fail.
class Numbers final : public BatchSource {
 public:
  Numbers(Index per_pass, Index rows, std::atomic<Index>& made, Index failing = -1)
      : per_pass_(per_pass), rows_(rows), made_(made), failing_(failing) {}

  bool next(Batch& batch) override {
    const Index number = position_.pass * per_pass_ + position_.index;
    if (number == failing_) throw Error(Exit::bad_data, "batch " + std::to_string(number) + " is damaged");
    batch.sequence = Sequence(rows_, 1);
    batch.inputs.assign(static_cast<std::size_t>(rows_), static_cast<std::int32_t>(number));
    batch.targets = batch.inputs;
    ++made_;
    const bool fresh = position_.index == 0;
    if (++position_.index == per_pass_) position_ = {position_.pass + 1, 0};
    return fresh;
  }
  BatchPosition position() const override { return position_; }
  void seek(BatchPosition position) override { position_ = position; }
  Index batches_per_pass() const override { return per_pass_; }
  Index streams() const override { return rows_; }

 private:
  Index per_pass_, rows_;
  std::atomic<Index>& made_;
  Index failing_;
  BatchPosition position_;
};

std::int32_t next_number(BatchSource& source) {
  Batch batch;
  source.next(batch);
  return batch.inputs[0];
}

}  // namespace

TEST_CASE("batches made ahead come in order, each with its position and its fresh start") {
  std::atomic<Index> made = 0;
  const auto ahead = make_read_ahead(std::make_unique<Numbers>(7, 3, made));
  CHECK(made == 0);  // nothing starts before the first next()
  CHECK(ahead->batches_per_pass() == 7);
  CHECK(ahead->streams() == 3);
  for (Index i = 0; i < 500; ++i) {
    REQUIRE(ahead->position().pass == i / 7);
    REQUIRE(ahead->position().index == i % 7);
    Batch batch;
    REQUIRE(ahead->next(batch) == (i % 7 == 0));
    REQUIRE(batch.inputs[0] == i);
  }
}

TEST_CASE("reading ahead continues from any position, even in the middle of batches made ahead") {
  std::atomic<Index> made = 0;
  const auto ahead = make_read_ahead(std::make_unique<Numbers>(10, 1000, made));
  for (const BatchPosition to : {BatchPosition{0, 3}, {4, 9}, {0, 0}, {2, 5}, {2, 5}}) {
    ahead->seek(to);
    REQUIRE(ahead->position().index == to.index);
    for (Index i = 0; i < 4; ++i) REQUIRE(next_number(*ahead) == to.pass * 10 + to.index + i);
  }
}

TEST_CASE("no more is made ahead than its bound") {
  std::atomic<Index> made = 0;
  constexpr Index kRows = kRowsAhead / 4;
  {
    const auto ahead = make_read_ahead(std::make_unique<Numbers>(1000, kRows, made));
    for (Index taken = 1; taken <= 50; ++taken) {
      REQUIRE(next_number(*ahead) == taken - 1);
      REQUIRE(made <= taken + 5);
    }
  }
  const Index at_the_end = made;
  CHECK(at_the_end <= 55);
  // Batches above the bound: one is still made while the previous one is in use.
  std::atomic<Index> large = 0;
  const auto ahead = make_read_ahead(std::make_unique<Numbers>(1000, 2 * kRowsAhead, large));
  for (Index taken = 1; taken <= 5; ++taken) {
    REQUIRE(next_number(*ahead) == taken - 1);
    REQUIRE(large <= taken + 2);
  }
}

TEST_CASE("an error of the thread is thrown for its batch, until seek()") {
  std::atomic<Index> made = 0;
  const auto ahead = make_read_ahead(std::make_unique<Numbers>(100, 2, made, 20));
  for (Index i = 0; i < 20; ++i) REQUIRE(next_number(*ahead) == i);
  for (int again = 0; again < 2; ++again) {
    CHECK(error_exit([&] { next_number(*ahead); }) == Exit::bad_data);
    CHECK(error_text([&] { next_number(*ahead); }) == "batch 20 is damaged");
    CHECK(ahead->position().index == 20);
  }
  ahead->seek({0, 21});
  CHECK(next_number(*ahead) == 21);
}

TEST_CASE("a source that is not read to its end stops at once, whatever its thread does") {
  std::atomic<Index> made = 0;
  for (int i = 0; i < 200; ++i) {
    const auto ahead = make_read_ahead(std::make_unique<Numbers>(5, 100, made));
    if (i % 2 == 0) next_number(*ahead);
  }
  CHECK(made >= 100);
}

TEST_CASE("a shard damaged while it is read ends training's batches with the file's own error") {
  const TemporaryDirectory folder;
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += i % 3 == 0 ? "a\n" : "b c ";
  put_data(folder / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c"}), {text, "a\n", "a\n"});
  const Dataset data = Dataset::open(folder / "data");
  const std::string shard = folder / "data/train-00000.shard";
  std::string bytes = read_file(shard, 1 << 24);
  bytes[bytes.size() - 10] = static_cast<char>(bytes[bytes.size() - 10] ^ 1);
  const auto ahead = make_read_ahead(make_stream_batches(data, Split::train, 2, 50));
  put_file(shard, bytes);
  const std::string message = error_text([&] {
    for (Index i = 0; i < ahead->batches_per_pass(); ++i) next_number(*ahead);
  });
  CHECK(holds(message, "train-00000.shard: offset "));
  CHECK(holds(message, "checksum differs"));
}
