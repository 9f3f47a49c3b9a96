#include "generation/generated_rows.hpp"

#include <array>
#include <cstdio>

#include "base/escape.hpp"
#include "evaluation/score_number.hpp"
#include "io/json.hpp"

namespace moelm {

void GeneratedRows::append(std::span<const GeneratedToken> step, std::string& out) const {
  for (std::size_t i = 0; i < step.size(); ++i) {
    const auto stream = static_cast<Index>(i);
    out += (json_ ? json_row(step[i], stream) : row(step[i], stream)) + "\n";
  }
}

std::string GeneratedRows::row(const GeneratedToken& token, Index stream) const {
  std::string text = std::to_string(token.sample + 1) + "\t" + std::to_string(token.position + 1) + "\t" +
                     escape_field(tokenizer_.token_text(token.token)) + "\t" + score_number(log10_of_nll(-token.log_p));
  for (std::size_t l = 0; l < layers_; ++l) {
    const Routing* routing = predictor_.routing(l);
    if (routing == nullptr || routing->rows == 0) continue;
    text += "\t" + std::to_string(l) + "=";
    const auto experts = routing->experts_of(stream);
    const auto gates = routing->gates_of(stream);
    for (std::size_t j = 0; j < experts.size(); ++j) {
      std::array<char, 48> choice{};
      std::snprintf(choice.data(), choice.size(), "%s%d:%.6g", j > 0 ? "," : "", experts[j],
                    static_cast<double>(gates[j]));
      text += choice.data();
    }
  }
  return text;
}

std::string GeneratedRows::json_row(const GeneratedToken& token, Index stream) const {
  Json object = {{"type", "token"},
                 {"sample", token.sample + 1},
                 {"position", token.position + 1},
                 {"token", to_valid_utf8(tokenizer_.token_text(token.token))},
                 {"log10", log10_of_nll(-token.log_p)},
                 {"layers", Json::array()}};
  for (std::size_t l = 0; l < layers_; ++l) {
    const Routing* routing = predictor_.routing(l);
    if (routing == nullptr || routing->rows == 0) continue;
    Json layer = {{"layer", l}, {"experts", Json::array()}, {"gates", Json::array()}};
    for (const std::int32_t expert : routing->experts_of(stream)) layer["experts"].push_back(expert);
    for (const float gate : routing->gates_of(stream)) layer["gates"].push_back(gate);
    object["layers"].push_back(layer);
  }
  return json_text(object);
}

}  // namespace moelm
