// What is on its way beside the work of a rank: messages that share its link.
#pragma once

#include <cstddef>
#include <vector>

namespace moelm {

class LinkBacklog {
 public:
  /// Messages with a name begin to travel, which takes the link so many seconds.
  void add(std::size_t name, double seconds) { left_.push_back({name, seconds}); }

  /// All travel for so many seconds, in which they share the link fairly.
  void pass(double seconds);

  /// All travel until those with this name have arrived. Returns the seconds that it takes.
  double await(std::size_t name);

 private:
  struct Left {
    std::size_t name;
    double seconds;
  };

  /// The next of them to arrive within `seconds`, if one does; otherwise all of these pass. Returns those that passed.
  double to_next_arrival(double seconds);

  std::vector<Left> left_;
};

}  // namespace moelm
