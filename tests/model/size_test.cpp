// Counts equal the paper's printed tables, and the tensors that really exist.
#include "model/size.hpp"

#include <string>
#include <vector>

#include "base/error.hpp"
#include "model/parameters.hpp"
#include "support/catch.hpp"
#include "support/paper_models.hpp"

using namespace moelm;

namespace {

constexpr Index kPaperVocabulary = 793471;

struct Row {
  std::string name;
  ModelConfig model;
  Index ops, weights;
};

}  // namespace

TEST_CASE("ops and parameters of the flat and dense models of table 7") {
  const LstmConfig lstm{512, 0};
  const Index expert = 1048576, recurrent = 4194304;
  const std::vector<Row> rows = {
      {"LSTM-512-512", stack({LstmConfig{512, 512}}), 2359296, 2359296},
      {"LSTM-2048-512", stack({LstmConfig{2048, 512}}), 9437184, 9437184},
      {"4xLSTM-512", stack({lstm, lstm, lstm, lstm}), 8388608, 8388608},
      {"MoE-1-Wide", around(flat(1, {4096})), 8388608, 8388608},
      {"MoE-1-Deep", around(flat(1, {1024, 1024, 1024, 1024})), 8388608, 8388608},
      {"MoE-4", around(flat(4)), recurrent + 4 * expert + 4096, recurrent + 4 * expert + 4096},
      {"MoE-32", around(flat(32)), recurrent + 4 * expert + 32768, 37781504},
      {"MoE-256", around(flat(256)), recurrent + 4 * expert + 262144, 272891904},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const ModelSize size = model_size(row.model, kPaperVocabulary);
    REQUIRE(size.ops_per_timestep == row.ops);
    REQUIRE(size.parameters_without_embedding_and_softmax == row.weights);
    REQUIRE(size.softmax_ops == 512 * kPaperVocabulary);
  }
}

TEST_CASE("parameters are every number that the model stores") {
  MoeConfig plain = flat(8, {6, 5});
  plain.gate = GateKind::top_k;
  ModelConfig model = stack({LstmConfig{24, 16}, plain, flat(1), LstmConfig{10, 0}, flat(16, {12})});
  std::get<EmbeddingConfig>(model.layers[0]).width = 8;
  ModelParameters parameters = make_parameters(model, 101);
  Index stored = 0;
  for (const NamedTensor& tensor : named_tensors(parameters)) stored += tensor.values->size();
  const ModelSize size = model_size(model, 101);
  REQUIRE(size.parameters == stored);
  REQUIRE(size.layers.size() == model.layers.size());
  REQUIRE(size.layers[1].output_width == 16);
  REQUIRE(size.layers[2].weights == 8 * 16 + 8 * (16 * 6 + 6 * 5 + 5 * 16));
  REQUIRE(size.layers[2].ops == 8 * 16 + 4 * (16 * 6 + 6 * 5 + 5 * 16));
  const double others = static_cast<double>(size.ops_per_timestep);
  REQUIRE(size.softmax_share() == Approx(10.0 * 101 / (10.0 * 101 + others)));
  std::get<SoftmaxConfig>(model.layers.back()).samples = 20;
  REQUIRE(model_size(model, 101).softmax_share() == Approx(10.0 * 20 / (10.0 * 20 + others)));
  REQUIRE(model_size(model, 101).softmax_ops == 10 * 101);
}

TEST_CASE("a model too large to count is refused, not wrapped around") {
  MoeConfig moe = flat(1 << 30, {Index{1} << 40});
  REQUIRE_THROWS_AS(model_size(around(moe), 100), Error);
}
