#include "tokenizer/hugging_face_vocabulary.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.hpp"
#include "base/unicode.hpp"
#include "tokenizer/hugging_face_format.hpp"
#include "tokenizer/vocabulary_builder.hpp"
#include "tokenizer/words.hpp"

namespace moelm {

namespace {

constexpr Index kMaxIds = kMaxTypes + kMaxMerges;

/// A token as the file writes it.
std::string shown(std::string_view token) { return json_text(Json(excerpt(token))); }

bool holds_space(std::string_view word) {
  for (std::size_t i = 0; i < word.size();) {
    const ClassifiedCharacter character = classify(word, i);
    if (character.kind == CharacterClass::space || character.kind == CharacterClass::line_end) return true;
    i += character.length;
  }
  return false;
}

/// Gives a word its id. `field` is where the file says so.
void place_word(const JsonField& field, const std::string& word, Index id, std::vector<std::string>& words) {
  if (word.empty() || holds_space(word)) field.refuse("words without white space", shown(word));
  if (id >= static_cast<Index>(words.size())) words.resize(static_cast<std::size_t>(id) + 1);
  std::string& place = words[static_cast<std::size_t>(id)];
  if (!place.empty() && place != word)
    field.refuse("an id for one token", std::to_string(id) + " for " + shown(place) + " and " + shown(word));
  place = word;
}

/// "a b" or ["a", "b"].
std::pair<std::string, std::string> parts_of(const JsonField& merge) {
  if (merge.value().is_array()) {
    if (merge.size() != 2) merge.refuse("two tokens");
    return {merge.at(Index{0}).text(), merge.at(Index{1}).text()};
  }
  const std::string& text = merge.text();
  const std::size_t space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos)
    merge.refuse("two tokens with a space between them");
  return {text.substr(0, space), text.substr(space + 1)};
}

using PieceIds = std::unordered_map<std::string, std::int32_t>;

std::int32_t piece_id(const JsonField& merge, const std::string& token, const PieceIds& ids) {
  const std::optional<std::string> bytes = bytes_of_byte_level(token);
  const auto found = bytes ? ids.find(*bytes) : ids.end();
  if (found == ids.end()) merge.refuse("tokens that are bytes or come from earlier merges", shown(token));
  return found->second;
}

/// Reads the merges and gives each piece its id.
std::vector<Merge> number_pieces(const JsonField& list, PieceIds& ids) {
  std::vector<Merge> merges;
  std::vector<std::string> pieces;
  for (int byte = 0; byte < kByteTokens; ++byte) {
    pieces.emplace_back(1, static_cast<char>(byte));
    ids.emplace(pieces.back(), byte);
  }
  if (list.size() > kMaxMerges)
    list.refuse("at most " + std::to_string(kMaxMerges) + " merges", std::to_string(list.size()));
  for (Index m = 0; m < list.size(); ++m) {
    const JsonField field = list.at(m);
    const auto [left, right] = parts_of(field);
    const Merge merge = {piece_id(field, left, ids), piece_id(field, right, ids)};
    const auto at = [&](int side) -> const std::string& { return pieces[static_cast<std::size_t>(merge[side])]; };
    std::string piece = at(0) + at(1);
    if (piece.size() > kMaxBpeWordBytes)
      field.refuse("a token of at most " + std::to_string(kMaxBpeWordBytes) + " bytes", std::to_string(piece.size()));
    if (!ids.emplace(piece, static_cast<std::int32_t>(pieces.size())).second)
      field.refuse("a token that no earlier merge gives", shown(byte_level_text(piece)));
    pieces.push_back(std::move(piece));
    merges.push_back(merge);
  }
  return merges;
}

/// The added tokens, and those that a post-processor adds to a text.
std::unordered_set<std::string> special_tokens(const JsonField& root, const AddedTokens& added) {
  std::unordered_set<std::string> special;
  for (const auto& [content, id] : added.tokens) special.insert(content);
  if (!root.has("post_processor") || !root.at("post_processor").value().is_object()) return special;
  const Json& processor = root.at("post_processor").value();
  const auto tokens = processor.find("special_tokens");
  if (tokens == processor.end() || !tokens->is_object()) return special;
  for (const auto& [content, token] : tokens->items()) special.insert(content);
  return special;
}

}  // namespace

AddedTokens read_added_tokens(const JsonField& root) {
  AddedTokens added;
  if (!root.has("added_tokens") || root.at("added_tokens").value().is_null()) return added;
  const JsonField list = root.at("added_tokens");
  for (Index i = 0; i < list.size(); ++i) {
    const JsonField token = list.at(i);
    const std::string& content = token.at("content").text();
    if (!token.has("special") || !token.at("special").boolean())
      token.refuse("special tokens only", shown(content) + ", which would be matched anywhere in a text");
    added.tokens.emplace_back(content, token.at("id").integer(0, kMaxIds));
  }
  return added;
}

std::vector<std::string> read_words(const JsonField& root, const AddedTokens& added) {
  const JsonField vocabulary = root.at("model").at("vocab");
  if (!vocabulary.value().is_object()) vocabulary.refuse("an object of words and ids");
  // No id is larger than the number of tokens, so a hostile one takes no memory.
  const auto tokens = static_cast<Index>(vocabulary.value().size() + added.tokens.size());
  if (tokens > kMaxTypes) vocabulary.refuse("at most " + std::to_string(kMaxTypes) + " words", std::to_string(tokens));
  std::vector<std::string> words;
  const auto place = [&](const JsonField& field, const std::string& word, Index id) {
    if (id >= tokens) field.refuse("ids below the number of tokens", std::to_string(id) + " for " + shown(word));
    place_word(field, word, id, words);
  };
  for (const auto& [word, id] : vocabulary.value().items()) {
    if (!id.is_number_integer() || id.get<Index>() < 0)
      vocabulary.refuse("an id for each word", "none for " + shown(word));
    place(vocabulary, word, id.get<Index>());
  }
  for (const auto& [content, id] : added.tokens) place(root.at("added_tokens"), content, id);
  const auto hole = std::find(words.begin(), words.end(), "");
  if (hole != words.end())
    vocabulary.refuse("ids without holes", "no token for " + std::to_string(hole - words.begin()));
  std::unordered_map<std::string, Index> first;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (!first.emplace(words[i], i).second) vocabulary.refuse("one id for each token", shown(words[i]) + " twice");
  return words;
}

ByteLevelMerges read_merges(const JsonField& root, const AddedTokens& added) {
  const JsonField model = root.at("model"), vocabulary = model.at("vocab");
  if (!vocabulary.value().is_object()) vocabulary.refuse("an object of tokens and ids");
  ByteLevelMerges result;
  PieceIds ids;
  result.merges = number_pieces(model.at("merges"), ids);
  std::unordered_set<std::string> special = special_tokens(root, added);
  std::vector<bool> present(ids.size());
  for (const auto& [token, id] : vocabulary.value().items()) {
    const std::optional<std::string> bytes = bytes_of_byte_level(token);
    const auto piece = bytes ? ids.find(*bytes) : ids.end();
    if (special.erase(token) > 0) {
      result.left_out.push_back(token);
    } else if (piece != ids.end()) {
      present[static_cast<std::size_t>(piece->second)] = true;
      if (id != piece->second) ++result.renumbered;
    } else {
      vocabulary.refuse("tokens that are bytes or come from merges", shown(token));
    }
  }
  if (const auto absent = std::find(present.begin(), present.end(), false); absent != present.end()) {
    const auto id = static_cast<std::int32_t>(absent - present.begin());
    const auto piece = std::find_if(ids.begin(), ids.end(), [&](const auto& entry) { return entry.second == id; });
    vocabulary.refuse(id < kByteTokens ? "a token for each byte" : "the tokens that merges give",
                      "none for " + shown(byte_level_text(piece->first)));
  }
  for (const auto& [content, id] : added.tokens)
    if (special.erase(content) > 0) result.left_out.push_back(content);
  return result;
}

}  // namespace moelm
