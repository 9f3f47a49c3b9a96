// After its first steps training allocates no more memory for numbers: every matrix is reused. Counts the memory from
// operator new and mmap in this program, except lists of tokens.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "support/catch.hpp"
#include "support/tiny_data.hpp"
#include "training/learner.hpp"

namespace {

constexpr std::size_t kLeast = 8192;
std::atomic<long> blocks{0};
std::atomic<std::size_t> last_size{0};

void count(std::size_t bytes) {
  if (bytes < kLeast) return;
  ++blocks;
  last_size = bytes;
}

}  // namespace

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // both sides are replaced together
#endif

void* operator new(std::size_t bytes) {
  count(bytes);
  if (void* block = std::malloc(bytes == 0 ? 1 : bytes)) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  count(bytes);
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* block = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit + unit)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

extern "C" void* mmap(void* address, size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  count(bytes);
  return reinterpret_cast<void*>(::syscall(SYS_mmap, address, bytes, protection, flags, file, offset));
}

using namespace moelm;

TEST_CASE("the counter sees blocks of both kinds") {
  const long before = blocks;
  const Matrix small(64, 64), large(1024, 1024);
  REQUIRE(blocks == before + 2);
}

TEST_CASE("a training step allocates no memory that it does not keep") {
  const Index streams = 8, steps = 16, vocabulary = 2000;
  for (const DataType type : {DataType::f32, DataType::bf16})
    for (const Index samples : {0, 300, -1, -2, -3}) {  // -1: sampled, then full; -2: adaptive; -3: adaptive and tied
      CAPTURE(data_type_name(type), samples);
      ModelConfig model = model_config(256, {LstmConfig{256, 0}, moe_config(32, 2, {320}), LstmConfig{256, 0}}, 0.1);
      auto& softmax = std::get<SoftmaxConfig>(model.layers.back());
      softmax.samples = samples == -1 ? 300 : std::max<Index>(samples, 0);
      if (samples <= -2) softmax.cutoffs = {200, 1000};
      model.tied = samples == -3;
      if (model.tied) softmax.divisor = 1;
      auto& moe = std::get<MoeConfig>(model.layers[2]);
      if (samples > 0) {  // every kind of mask, decay, and all rows of the tables
        model.locked_dropout = moe.recompute = true;
        model.embedding_dropout = model.weight_drop = moe.hidden_dropout = moe.mask_outputs = 0.1;
      }
      // With one thread, no product is compiled later by another thread.
      Context context(1, type);
      OptimizerConfig optimizer;
      optimizer.experts.kind = OptimizerKind::factored;
      if (samples > 0) optimizer.tables.rows = RowUpdates::all;
      if (samples > 0) optimizer.tables.weight_decay = optimizer.experts.weight_decay = 0.1;
      Learner learner(context, model, optimizer, vocabulary, 1);
      ModelState state;
      state.reset(learner.parameters(), streams);
      const Batch batch = random_batch(Sequence(streams, steps), vocabulary, 1);
      // The same step again and again, because other steps may need more rows for an expert.
      const auto step = [&] {
        return learner.step(context, batch, {1, streams, 0.0, 1.0, 0, samples == -1}, state).fault.empty();
      };
      for (int i = 0; i < 5; ++i) REQUIRE(step());
      const long before = blocks;
      for (int i = 0; i < 5; ++i) REQUIRE(step());
      INFO("the last block had " + std::to_string(last_size) + " bytes");
      CHECK(blocks - before == 0);
    }
}
