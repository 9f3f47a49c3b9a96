// The worker threads of a pass and their scratch memory; passed by reference wherever work is split.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/data_type.hpp"
#include "base/index.hpp"
#include "base/thread_team.hpp"

namespace moelm {

/// Pieces of a thread's scratch memory that are in use at the same time, by their users.
enum class ScratchSlot {
  library,         ///< the matrix library's own
  library_input,   ///< rows of one of its products, filled up
  library_output,  ///< and their results
  rounded,         ///< rows of a product, rounded
  packed,          ///< the right-hand side of a gradient's product
  transposed,      ///< a slice of its left-hand side
  padded_input,    ///< rows of a product, filled up
  padded_output,   ///< and their results
  logits,          ///< some rows of the softmax
  gradient,        ///< of one expert matrix
  moments,         ///< sums of its squares
  weights,         ///< a row of them while it is updated
  count
};

/// A fixed number of threads. Results do not depend on it: work is split into tasks that do not depend on that number,
/// or whose results are the same however it is split.
/// One Context serves one pass at a time; it is not thread-safe itself.
class Context {
 public:
  /// Makes the threads; Error(out_of_memory) if the system refuses one. REQUIRES threads >= 1. `products` is what
  /// matrix products read in the passes of this context, gates excepted.
  explicit Context(int threads, DataType products = DataType::f32);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  int threads() const { return team_.threads(); }
  DataType products() const { return products_; }

  /// Number of the calling thread within a task, 0 ... threads()-1.
  int worker() const;

  /// Whether work that is split now is done by the calling thread alone.
  bool serial() const;

  /// Calls task(i) once for every i in [0, count), on all threads in any order. An exception of a task is rethrown
  /// here after all threads stopped. Inside a task the same call runs serially.
  void parallel_for(Index count, const std::function<void(Index)>& task);

  /// Splits [0, count) into ranges of `grain` elements (the last may be shorter) and calls task(begin, end) for each.
  void parallel_ranges(Index count, Index grain, const std::function<void(Index, Index)>& task);

  /// Scratch of the calling thread: at least `count` floats, 64-byte aligned, contents unspecified. Slots are
  /// independent of each other; a slot stays valid until the same thread asks for more of the same.
  std::span<float> scratch(ScratchSlot slot, Index count);

 private:
  struct Worker;
  DataType products_;
  std::vector<std::unique_ptr<Worker>> workers_;
  ThreadTeam team_;
};

}  // namespace moelm
