// Inflates gzip piece by piece.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "text/inflater.hpp"

namespace moelm {

/// Inflates consecutive gzip members. The buffers bound the memory, whatever the compression ratio.
class GzipInflater final : public Inflater {
 public:
  /// `name` appears in error messages.
  GzipInflater(ReadBytes read, std::string name);
  ~GzipInflater() override;

  std::size_t read_some(char* out, std::size_t count) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace moelm
