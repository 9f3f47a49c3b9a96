#include "config/tensor_spec.hpp"

#include "base/checked.hpp"
#include "base/error.hpp"

namespace moelm {

Index tensor_extent(Index a, Index b) {
  const std::optional<Index> product = checked_product(a, b);
  if (!product) throw Error(Exit::bad_config, "model: expected fewer than 2^63 parameters, found more");
  return *product;
}

}  // namespace moelm
