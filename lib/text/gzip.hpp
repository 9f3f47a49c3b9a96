// gzip, inflated piece by piece.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "text/inflater.hpp"

namespace moelm {

/// Inflates gzip members that follow each other. Memory is bounded by the size of the buffers, whatever the ratio.
class GzipInflater final : public Inflater {
 public:
  /// `name` is what errors call the file.
  GzipInflater(ReadBytes read, std::string name);
  ~GzipInflater() override;

  std::size_t read_some(char* out, std::size_t count) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace moelm
