// What fuzzers drive: every reader of files from strangers, as a function of bytes.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace moelm {

/// Feeds a reader and uses what it accepts. Returns what the reader says against the bytes, "" where it accepts them.
/// Errors of the user's data end here; anything else (another exception, a signal, a sanitizer) is a bug of ours.
struct FuzzTarget {
  const char* name;
  std::string (*run)(std::string_view bytes);
};

std::string fuzz_json(std::string_view bytes);
std::string fuzz_index(std::string_view bytes);
std::string fuzz_tokenizer(std::string_view bytes);
std::string fuzz_hugging_face(std::string_view bytes);
std::string fuzz_manifest(std::string_view bytes);
std::string fuzz_tensors(std::string_view bytes);
std::string fuzz_shard(std::string_view bytes);
std::string fuzz_text(std::string_view bytes);
std::string fuzz_rows(std::string_view bytes);
std::string fuzz_metrics(std::string_view bytes);
std::string fuzz_config(std::string_view bytes);
std::string fuzz_state(std::string_view bytes);
std::string fuzz_run(std::string_view bytes);
std::string fuzz_nbest(std::string_view bytes);

inline constexpr std::array<FuzzTarget, 14> kFuzzTargets = {{{"json", fuzz_json},
                                                             {"index", fuzz_index},
                                                             {"tokenizer", fuzz_tokenizer},
                                                             {"hugging_face", fuzz_hugging_face},
                                                             {"manifest", fuzz_manifest},
                                                             {"tensors", fuzz_tensors},
                                                             {"shard", fuzz_shard},
                                                             {"text", fuzz_text},
                                                             {"rows", fuzz_rows},
                                                             {"metrics", fuzz_metrics},
                                                             {"config", fuzz_config},
                                                             {"state", fuzz_state},
                                                             {"run", fuzz_run},
                                                             {"nbest", fuzz_nbest}}};

}  // namespace moelm
