#include "tokenizer/hugging_face_writer.hpp"

#include <unordered_set>
#include <utility>

#include "base/error.hpp"
#include "tokenizer/hugging_face_format.hpp"

namespace moelm {

namespace {

/// An object of tokens and ids, made without looking for each key among all others.
class VocabularyObject {
 public:
  explicit VocabularyObject(Index tokens) { members().reserve(static_cast<std::size_t>(tokens)); }

  void add(std::string token, std::int32_t id) { members().emplace_back(std::move(token), Json(id)); }
  Json take() { return std::move(object_); }

 private:
  Json::object_t& members() { return object_.get_ref<Json::object_t&>(); }
  Json object_ = Json::object();
};

Json word_level(const Tokenizer& tokenizer) {
  VocabularyObject vocabulary(tokenizer.vocabulary_size());
  for (std::int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) vocabulary.add(tokenizer.token_text(id), id);
  return {{"type", "WordLevel"}, {"vocab", vocabulary.take()}, {"unk_token", kUnknownText}};
}

Json merge_list(const Tokenizer& tokenizer) {
  Json merges = Json::array();
  if (tokenizer.kind() != TokenizerKind::bpe) return merges;
  // As texts and not as pairs, which versions before 0.20 do not read.
  for (const Merge& merge : bpe_merges(tokenizer))
    merges.push_back(byte_level_text(tokenizer.token_text(merge[0])) + " " +
                     byte_level_text(tokenizer.token_text(merge[1])));
  return merges;
}

Json byte_level(const Tokenizer& tokenizer, const std::string& end) {
  VocabularyObject vocabulary(tokenizer.vocabulary_size());
  std::unordered_set<std::string> seen;
  for (std::int32_t id = 0; id < tokenizer.end_id(); ++id) {
    std::string token = byte_level_text(tokenizer.token_text(id));
    if (!seen.insert(token).second)
      throw Error(Exit::bad_config, "tokenizer: expected different bytes for each token, found " +
                                        json_text(Json(token)) +
                                        " twice; the format of Hugging Face has one id for a token");
    vocabulary.add(std::move(token), id);
  }
  vocabulary.add(end, tokenizer.end_id());
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", true},  // a word that is a token becomes that token
          {"vocab", vocabulary.take()},
          {"merges", merge_list(tokenizer)}};
}

/// The name that the end has in the file.
std::string end_name(const Tokenizer& tokenizer) {
  return unused_name(tokenizer, std::string(kEndText), tokenizer.end_id());
}

/// Appends the end to a document.
Json document_end(const std::string& end, std::int32_t id) {
  const Json first = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
             second = {{"Sequence", {{"id", "B"}, {"type_id", 0}}}};
  const Json token = {{"SpecialToken", {{"id", end}, {"type_id", 0}}}};
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({first, token})},
          {"pair", Json::array({first, token, second, token})},
          {"special_tokens", {{end, {{"id", end}, {"ids", Json::array({id})}, {"tokens", Json::array({end})}}}}}};
}

}  // namespace

std::string hugging_face_text(const Tokenizer& tokenizer) {
  const TokenizerKind kind = tokenizer.kind();
  const bool bytes = tokenizer.keeps_bytes();
  const std::string end = end_name(tokenizer);
  const std::string foreign_end = unused_name(tokenizer, "</s></s>");  // so it is an unknown word
  const BpeWords words = kind == TokenizerKind::bpe ? bpe_words(tokenizer) : BpeWords::runs;
  const Json document = {{"version", "1.0"},
                         {"truncation", nullptr},
                         {"padding", nullptr},
                         {"added_tokens", Json::array()},
                         {"normalizer", hugging_face_normalizer(kind, tokenizer.lowercase(), foreign_end)},
                         {"pre_tokenizer", hugging_face_pre_tokenizer(kind, words)},
                         {"post_processor", bytes ? document_end(end, tokenizer.end_id()) : Json(nullptr)},
                         {"decoder", bytes ? byte_level_step(false) : Json(nullptr)},
                         {"model", bytes ? byte_level(tokenizer, end) : word_level(tokenizer)}};
  return json_text(document) + "\n";
}

std::string hugging_face_config_text(const Tokenizer& tokenizer) {
  const std::string end = end_name(tokenizer);
  Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"bos_token", end},  // the input before the first token
                 {"eos_token", end},
                 {"split_special_tokens", true},  // their names in a text are text
                 {"clean_up_tokenization_spaces", false},
                 {"model_input_names", {"input_ids", "attention_mask"}}};
  if (tokenizer.unknown_id() >= 0) config["unk_token"] = tokenizer.token_text(tokenizer.unknown_id());
  return json_text(config, 2) + "\n";
}

}  // namespace moelm
