#include "data/index_room.hpp"

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "data/data_index.hpp"

namespace moelm {
namespace {

/// So many files always have room: a path has at most 4,096 bytes.
constexpr std::size_t kAlwaysRoom = 1000;

void add_inputs(const std::vector<std::string>& paths, DataIndex& index, Split split) {
  for (const std::string& path : paths) index.split(split).inputs.push_back({path, 0, {0, 0}, {0, 0}});
}

}  // namespace

void require_readable_index(const TokenizeOptions& options) {
  const std::size_t files = options.train.size() + options.valid.size() + options.test.size();
  if (files <= kAlwaysRoom) return;
  DataIndex index;
  index.vocabulary = 1;
  index.tokenizer_sha256 = std::string(64, '0');
  add_inputs(options.train, index, Split::train);
  add_inputs(options.valid.empty() ? options.train : options.valid, index, Split::valid);
  add_inputs(options.test.empty() ? options.train : options.test, index, Split::test);
  try {
    parse_data_index(index_file_text(index), std::string(kIndexFile));
  } catch (const Error& error) {
    throw Error(error.exit(), "--train: expected fewer files, found " + format_count(static_cast<Index>(files)) +
                                  ", whose names are more than the index of a data folder can hold (" + error.what() +
                                  "); join them into fewer files");
  }
}

}  // namespace moelm
