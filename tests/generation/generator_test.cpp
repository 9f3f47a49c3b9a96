// Generated text follows the model's own distribution and depends on nothing but model, prompt, seed and place.
#include <algorithm>
#include <cmath>

#include "generation/generated_rows.hpp"
#include "generation/generator.hpp"
#include "generation/prompt.hpp"
#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/tiny_data.hpp"
#include "tokenizer/byte_tokenizer.hpp"

using namespace moelm;

namespace {

using Ids = std::vector<std::int32_t>;

const std::vector<std::string> kWords = {"the", "cat", "dog", "sat", "ran", "on", "mat", "a", "and", "over"};

struct Case {
  explicit Case(int threads = 1, std::unique_ptr<Tokenizer> t = tiny_tokenizer(TokenizerKind::word, kWords))
      : tokenizer(std::move(t)), context(threads) {}

  std::unique_ptr<Tokenizer> tokenizer;
  ModelConfig config = tiny_model();
  ModelParameters parameters = random_parameters(config, tokenizer->vocabulary_size(), 7);
  Context context;
  Predictor predictor{context, config, parameters};

  std::vector<std::vector<GeneratedToken>> generate(const Generation& how, const Ids& prompt = {}) {
    Generator generator(predictor, *tokenizer, how, prompt);
    std::vector<std::vector<GeneratedToken>> samples(static_cast<std::size_t>(how.samples));
    while (true) {
      const auto step = generator.step();
      if (step.empty()) return samples;
      for (const GeneratedToken& token : step) {
        auto& sample = samples[static_cast<std::size_t>(token.sample)];
        REQUIRE(token.position == static_cast<Index>(sample.size()));
        sample.push_back(token);
      }
    }
  }
  /// ln p of every token after the ids, which begin with </s>.
  std::vector<double> distribution(const Ids& ids) {
    ModelState state = predictor.start(1);
    for (const std::int32_t id : ids) predictor.read({&id, 1}, state);
    const auto row = predictor.log_probabilities().row_span(0);
    return {row.begin(), row.end()};
  }
};

Ids ids_of(const std::vector<GeneratedToken>& sample) {
  Ids ids;
  for (const GeneratedToken& token : sample) ids.push_back(token.token);
  return ids;
}

Generation tokens(Index count, Index samples = 1, std::uint64_t seed = 1) {
  Generation how;
  how.max_tokens = count;
  how.samples = samples;
  how.seed = seed;
  return how;
}

/// 99.9 % of the chi-square distribution (Wilson and Hilferty's approximation).
double chi_square_limit(double degrees) {
  const double a = 2 / (9 * degrees);
  return degrees * std::pow(1 - a + 3.0902 * std::sqrt(a), 3);
}

}  // namespace

TEST_CASE("first and second tokens follow the model's distribution: chi-square") {
  Case c;
  constexpr Index kSamples = 500, kRuns = 30;
  const auto unknown = static_cast<std::size_t>(c.tokenizer->unknown_id());
  std::vector<double> first(12), second(12), expected_first(12), expected_second(12);
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed)
    for (const auto& sample : c.generate(tokens(2, kSamples, seed))) {
      ++first[static_cast<std::size_t>(sample[0].token)];
      ++second[static_cast<std::size_t>(sample[1].token)];
    }
  const auto without_unknown = [&](const Ids& ids) {
    std::vector<double> p = c.distribution(ids);
    const double share = 1 - std::exp(p[unknown]);
    for (double& value : p) value = std::exp(value) / share;
    p[unknown] = 0;
    return p;
  };
  expected_first = without_unknown({0});
  for (std::int32_t i = 0; i < 12; ++i) {
    const std::vector<double> after = without_unknown({0, i});
    for (std::size_t j = 0; j < 12; ++j) expected_second[j] += expected_first[static_cast<std::size_t>(i)] * after[j];
  }
  CHECK(first[unknown] == 0);
  CHECK(second[unknown] == 0);
  const double draws = static_cast<double>(kSamples * kRuns);
  double chi_first = 0, chi_second = 0;
  for (std::size_t j = 0; j < 12; ++j) {
    if (j == unknown) continue;
    REQUIRE(expected_first[j] * draws > 5);
    REQUIRE(expected_second[j] * draws > 5);
    chi_first += std::pow(first[j] - expected_first[j] * draws, 2) / (expected_first[j] * draws);
    chi_second += std::pow(second[j] - expected_second[j] * draws, 2) / (expected_second[j] * draws);
  }
  CHECK(chi_first < chi_square_limit(10));
  CHECK(chi_second < chi_square_limit(10));
  CHECK(chi_first > 1);  // draws, not quotas
}

TEST_CASE("a token's probability is the model's own, whatever the sampling") {
  Case c;
  Generation how = tokens(8, 3);
  how.sampling = {0.5, 6, 0.9};
  for (const auto& sample : c.generate(how)) {
    Ids ids = {0};
    for (const GeneratedToken& token : sample) {
      CHECK(token.log_p ==
            Approx(c.distribution(ids)[static_cast<std::size_t>(token.token)]).epsilon(1e-6).margin(1e-6));
      ids.push_back(token.token);
    }
  }
}

TEST_CASE("temperature 0 writes the most probable token every time") {
  Case c;
  Generation how = tokens(12);
  how.sampling.temperature = 0;
  Ids ids = {0};
  const auto greedy = c.generate(how);
  for (const GeneratedToken& token : greedy[0]) {
    std::vector<double> p = c.distribution(ids);
    p[static_cast<std::size_t>(c.tokenizer->unknown_id())] = -1e9;
    CHECK(token.token == std::max_element(p.begin(), p.end()) - p.begin());
    ids.push_back(token.token);
  }
}

TEST_CASE("neither threads nor other samples change a text; the seed does") {
  Case one(1), three(3);
  const auto alone = one.generate(tokens(40)), many = one.generate(tokens(40, 23)),
             other = three.generate(tokens(40, 23));
  CHECK(ids_of(alone[0]) == ids_of(many[0]));
  for (std::size_t s = 0; s < many.size(); ++s) CHECK(ids_of(many[s]) == ids_of(other[s]));
  CHECK(ids_of(many[0]) != ids_of(many[1]));
  CHECK(ids_of(one.generate(tokens(40, 1, 2))[0]) != ids_of(alone[0]));
  CHECK(ids_of(one.generate(tokens(40))[0]) == ids_of(alone[0]));
}

TEST_CASE("samples end with their lines or their tokens, and the others go on") {
  Case c;
  Generation how = tokens(30, 50);
  how.max_lines = 2;
  bool by_lines = false;
  for (const auto& sample : c.generate(how)) {
    Index lines = 0;
    for (std::size_t i = 0; i < sample.size(); ++i) {
      CHECK(sample[i].ends_line == (sample[i].token == 0));
      lines += sample[i].ends_line ? 1 : 0;
      CHECK(sample[i].ends_sample == (i + 1 == sample.size()));
    }
    CHECK((lines == 2 || sample.size() == 30));
    CHECK(lines <= 2);
    by_lines = by_lines || (lines == 2 && sample.size() < 30);
  }
  CHECK(by_lines);
  how.max_lines = 0;
  for (const auto& sample : c.generate(how)) CHECK(sample.size() == 30);
}

TEST_CASE("<unk> is drawn on request only") {
  Case c;
  const auto count = [&](bool allowed) {
    Generation how = tokens(40, 20);
    how.allow_unknown = allowed;
    Index unknown = 0;
    for (const auto& sample : c.generate(how))
      for (const GeneratedToken& token : sample) unknown += token.token == c.tokenizer->unknown_id() ? 1 : 0;
    return unknown;
  };
  CHECK(count(false) == 0);
  CHECK(count(true) > 0);
}

TEST_CASE("a prompt is read before the first token; in state reset a line ends all memory") {
  Case c;
  for (const StateKind state : {StateKind::carry, StateKind::reset}) {
    const Prompt prompt = encode_prompt(*c.tokenizer, "the cat\non the", state);
    CHECK(prompt.ids == Ids{2, 3, 0, 7, 2});
    Generation how = tokens(30);
    how.state = state;
    Ids ids = {0};
    ids.insert(ids.end(), prompt.ids.begin(), prompt.ids.end());
    bool line = false;
    const auto samples = c.generate(how, prompt.ids);
    for (const GeneratedToken& token : samples[0]) {
      Ids context = ids;
      if (state == StateKind::reset) context.assign(std::find(ids.rbegin(), ids.rend(), 0).base() - 1, ids.end());
      CHECK(token.log_p ==
            Approx(c.distribution(context)[static_cast<std::size_t>(token.token)]).epsilon(1e-6).margin(1e-6));
      ids.push_back(token.token);
      line = line || token.token == 0;
    }
    CHECK(line);  // a line ended on the way
  }
}

TEST_CASE("unknown words of a prompt are named with their rate") {
  Case c;
  CHECK(prompt_note(encode_prompt(*c.tokenizer, "the cat", StateKind::carry)).empty());
  CHECK(prompt_note(encode_prompt(*c.tokenizer, "", StateKind::carry)).empty());
  const Prompt prompt = encode_prompt(*c.tokenizer, "the zebra and the zebra over llamas <unk>", StateKind::carry);
  CHECK(prompt.unknown_words == 3);
  const std::string note = prompt_note(prompt);
  CHECK(holds(note, "3 of 8 words (37.5 %)"));
  CHECK(holds(note, ": zebra llamas"));
}

TEST_CASE("a line of bytes in a prompt is a document in state reset") {
  Case c(1, make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1)));
  CHECK(encode_prompt(*c.tokenizer, "a\nb", StateKind::carry).ids == Ids{'a', '\n', 'b'});
  CHECK(encode_prompt(*c.tokenizer, "a\nb", StateKind::reset).ids == Ids{'a', '\n', 256, 'b'});
  Generation how = tokens(600);
  how.max_lines = 2;
  const auto sample = c.generate(how)[0];
  Index lines = 0;
  for (const GeneratedToken& token : sample) lines += token.token == '\n' ? 1 : 0;
  CHECK((lines == 2 || sample.size() == 600));
}

TEST_CASE("rows name sample, place, token, probability and experts") {
  Case c;
  Generator generator(c.predictor, *c.tokenizer, tokens(2, 2), {});
  const GeneratedRows rows(*c.tokenizer, c.predictor, c.config.layers.size(), false);
  const auto step = generator.step();
  std::string text;
  rows.append(step, text);
  const Routing& routing = *c.predictor.routing(2);
  CHECK(text.starts_with("1\t1\t" + c.tokenizer->token_text(step[0].token) + "\t-"));
  CHECK(holds(text, "\t2=" + std::to_string(routing.experts_of(0)[0]) + ":"));
  CHECK(holds(text, "\n2\t1\t"));
  std::string json;
  GeneratedRows(*c.tokenizer, c.predictor, c.config.layers.size(), true).append(step, json);
  const Json object = parse_json(json.substr(0, json.find('\n')), "row");
  CHECK(object["type"] == "token");
  CHECK(object["log10"].get<double>() == Approx(step[0].log_p / std::log(10)));
  REQUIRE(object["layers"].size() == 1);
  CHECK(object["layers"][0]["layer"] == 2);
  CHECK(object["layers"][0]["experts"][0] == routing.experts_of(0)[0]);
  CHECK(object["layers"][0]["gates"].size() == 2);
}
