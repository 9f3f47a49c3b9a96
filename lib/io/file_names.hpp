// The names of the files and folders that moelm writes, in one place: several modules look for them.
#pragma once

#include <array>
#include <string_view>

namespace moelm {

// A data folder; a run and an export have the tokenizer too.
inline constexpr std::string_view kIndexFile = "index.json";
inline constexpr std::string_view kTokenizerFile = "tokenizer.json";
inline constexpr std::string_view kVocabularyFile = "vocab.txt";

// A run.
inline constexpr const char* kConfigFile = "config.json";
inline constexpr const char* kMetricsFile = "metrics.jsonl";
inline constexpr const char* kResultFile = "result.json";
inline constexpr const char* kCheckpointsDirectory = "checkpoints";
inline constexpr const char* kLatestHint = "LATEST";
inline constexpr const char* kBestHint = "BEST";

// A checkpoint.
inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kOptimizerFile = "optimizer.safetensors";
inline constexpr const char* kCarriedFile = "state.safetensors";
inline constexpr const char* kStateFile = "state.json";
inline constexpr const char* kManifestFile = "MANIFEST.json";
inline constexpr std::array kCheckpointFiles = {kModelFile, kOptimizerFile, kCarriedFile, kStateFile, kManifestFile};

}  // namespace moelm
