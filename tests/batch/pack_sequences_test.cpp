// Sequences in a batch: time-major, longest first, each token predicted from the one before it.
#include "batch/pack_sequences.hpp"

#include "support/catch.hpp"

using namespace moelm;

namespace {

using Ids = std::vector<std::int32_t>;

PackedSequences pack(const std::vector<Ids>& sequences, const Ids& previous) {
  const std::vector<std::span<const std::int32_t>> spans(sequences.begin(), sequences.end());
  PackedSequences packed;
  pack_sequences(spans, previous, packed);
  return packed;
}

}  // namespace

TEST_CASE("sequences are packed time-major, longest first, those of equal length in their order") {
  const PackedSequences packed = pack({{1, 2}, {3, 4, 5}, {}, {6, 7}}, {90, 91, 92, 93});
  CHECK(packed.order == std::vector<std::size_t>{1, 0, 3, 2});
  CHECK(packed.batch.targets == Ids{3, 1, 6, 4, 2, 7, 5});
  CHECK(packed.batch.inputs == Ids{91, 90, 93, 3, 1, 6, 4});
  const Sequence& sequence = packed.batch.sequence;
  CHECK(sequence.streams() == 3);
  CHECK(sequence.steps() == 3);
  CHECK(sequence.active(1) == 3);
  CHECK(sequence.active(2) == 1);
  REQUIRE(packed.origin.size() == 7);
  CHECK(packed.origin[5].sequence == 3);
  CHECK(packed.origin[5].place == 1);
}

TEST_CASE("no sequences, and empty ones, pack into a batch without rows") {
  CHECK(pack({}, {}).batch.rows() == 0);
  const PackedSequences packed = pack({{}, {}}, {1, 2});
  CHECK(packed.batch.rows() == 0);
  CHECK(packed.order == std::vector<std::size_t>{0, 1});
}

TEST_CASE("packing again into the same object leaves nothing of the batch before") {
  PackedSequences packed = pack({{1, 2, 3}, {4}}, {0, 0});
  const Ids ids = {8}, previous = {9};
  const std::span<const std::int32_t> sequence(ids);
  pack_sequences({&sequence, 1}, previous, packed);
  CHECK(packed.batch.targets == ids);
  CHECK(packed.batch.inputs == previous);
  CHECK(packed.origin.size() == 1);
  CHECK(packed.batch.rows() == 1);
}
