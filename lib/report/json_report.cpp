#include "report/json_report.hpp"

#include "base/escape.hpp"
#include "report/sentence_report.hpp"

namespace moelm {
namespace {

constexpr Index kMaxPairs = 128;  // experts up to which the whole co-activation matrix is written

template <class Value>
Json vector_of(const std::vector<ExpertUse>& use, Value ExpertUse::*member) {
  Json values = Json::array();
  for (const ExpertUse& u : use) values.push_back(u.*member);
  return values;
}

Json tokens_of(const std::vector<TokenUse>& tokens) {
  Json list = Json::array();
  for (const TokenUse& t : tokens)
    list.push_back(
        {{"token", to_valid_utf8(t.token)}, {"id", t.id}, {"count", t.count}, {"share", t.share}, {"lift", t.lift}});
  return list;
}

Json detail(Index expert, const ExpertUse& use, const ExpertWords& words) {
  Json contexts = Json::array();
  for (const ContextWords& c : words.contexts)
    contexts.push_back({{"gate", c.gate},
                        {"index", c.row},
                        {"before", to_valid_utf8(c.before)},
                        {"token", to_valid_utf8(c.token)},
                        {"after", to_valid_utf8(c.after)}});
  return {{"expert", expert},
          {"tokens", use.tokens},
          {"share", use.share},
          {"importance", use.importance},
          {"load", use.load},
          {"mean_gate", use.mean_gate},
          {"highest_gate", use.first},
          {"preferred", tokens_of(words.by_lift)},
          {"most_read", tokens_of(words.by_count)},
          {"contexts", contexts}};
}

Json nats_json(const Information& i) { return {{"nats", i.nats}, {"shuffled", i.shuffled}}; }

Json information(const InformationReport& i) {
  return {{"rows", i.rows},
          {"class_entropy", i.label_entropy},
          {"expert_entropy", i.expert_entropy},
          {"class_expert", nats_json(i.label_expert)},
          {"class_expert_given_token", nats_json(i.label_given_token)},
          {"token_expert", nats_json(i.token_expert)}};
}

Json class_counts(const LayerStatistics& s) {
  Json rows = Json::array();
  for (Index l = 0; l < s.labels; ++l) {
    const auto begin = s.label_tokens.begin() + l * s.experts;
    rows.push_back(std::vector<Index>(begin, begin + s.experts));
  }
  return rows;
}

Json pairs(const LayerStatistics& s) {
  Json matrix = Json::array();
  for (Index a = 0; a < s.experts; ++a) {
    std::vector<Index> row;
    for (Index b = 0; b < s.experts; ++b) row.push_back(s.together.count(a, b));
    matrix.push_back(row);
  }
  return matrix;
}

Json layer_json(const LayerReport& layer) {
  const LayerStatistics& s = layer.statistics;
  Json json = {{"layer", s.layer},
               {"experts", s.experts},
               {"k", s.k},
               {"k_mean", s.k_mean},
               {"tokens", vector_of(s.use, &ExpertUse::tokens)},
               {"importance", vector_of(s.use, &ExpertUse::importance)},
               {"load", vector_of(s.use, &ExpertUse::load)},
               {"load_kind", s.load_kind},
               {"mean_gate", vector_of(s.use, &ExpertUse::mean_gate)},
               {"share", vector_of(s.use, &ExpertUse::share)},
               {"cv_importance", s.cv_importance},
               {"cv_load", s.cv_load},
               {"max_over_mean_load", s.max_over_mean_load},
               {"max_over_mean_tokens", s.max_over_mean_tokens},
               {"jain", s.jain},
               {"gate_entropy", s.gate_entropy},
               {"usage_entropy", s.usage_entropy},
               {"dead", s.dead},
               {"information", information(s.information)},
               {"class_tokens", class_counts(s)},
               {"class_rows", s.label_rows},
               {"rare_pairs_dropped", s.rare_pairs_dropped}};
  if (s.experts <= kMaxPairs) json["coactivation"] = pairs(s);
  Json details = Json::array();
  for (Index e = 0; e < s.experts; ++e) details.push_back(detail(e, s.use[e], layer.words[e]));
  json["experts_detail"] = std::move(details);
  return json;
}

}  // namespace

Json json_report(const StatisticsReport& report) {
  Json json = {{"tokens", report.tokens}};
  if (report.perplexity > 0) json["perplexity"] = report.perplexity;
  for (const auto& [name, value] : report.facts) json["facts"][to_valid_utf8(name)] = to_valid_utf8(value);
  Json names = Json::array();
  for (const std::string& name : report.class_names) names.push_back(to_valid_utf8(name));
  json["classes"] = {{"kind", report.class_kind}, {"names", names}};
  json["layers"] = Json::array();
  for (const LayerReport& layer : report.layers) json["layers"].push_back(layer_json(layer));
  if (!report.sentence.empty()) json["sentence"] = sentence_json(report);
  return json;
}

}  // namespace moelm
