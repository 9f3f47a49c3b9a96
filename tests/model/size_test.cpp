// Counts equal the paper's printed tables, and the tensors that really exist.
#include "model/size.hpp"

#include <string>
#include <vector>

#include "base/error.hpp"
#include "model/parameters.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/model_case.hpp"
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

TEST_CASE("an adaptive softmax: its tensors are counted, its work is that of the mean token") {
  ModelConfig model = model_config(20, {LstmConfig{20, 0}}, 0);
  auto& softmax = std::get<SoftmaxConfig>(model.layers.back());
  softmax.cutoffs = {10, 40};
  softmax.divisor = 3;
  ModelParameters parameters = make_parameters(model, 101);
  Index stored = 0;
  std::string names;
  for (const NamedTensor& tensor : named_tensors(parameters)) {
    stored += tensor.values->size();
    if (tensor.name.starts_with("layers.2.")) names += tensor.name.substr(9) + " ";
  }
  REQUIRE(names == "head.weight head.bias tail.0.projection tail.0.weight tail.1.projection tail.1.weight ");
  const ModelSize size = model_size(model, 101);
  REQUIRE(size.parameters == stored);
  REQUIRE(size.layers[2].parameters == 12 * 20 + 12 + 6 * (20 + 30) + 2 * (20 + 61));
  REQUIRE(size.layers[2].weights == 0);
  REQUIRE(size.softmax_ops == static_cast<Index>(adaptive_softmax_ops(softmax, false, 20, 101)));
  REQUIRE(size.softmax_training_ops == size.softmax_ops);
  REQUIRE(size.softmax_ops > 12 * 20);
  REQUIRE(size.softmax_ops < size.layers[2].parameters);
  softmax.divisor = 1;
  model.tied = true;
  REQUIRE(model_size(model, 101).layers[2].parameters == 2 * 20 + 12);
  REQUIRE(model_size(model, 101).softmax_ops == static_cast<Index>(adaptive_softmax_ops(softmax, true, 20, 101)));
  softmax.cutoffs = {10, 101};
  REQUIRE(error_exit([&] { model_size(model, 101); }) == Exit::bad_config);
  REQUIRE(error_text([&] { make_parameters(model, 101); }) ==
          "model.layers.2.cutoffs: expected ids below the vocabulary's 101, found 101");
}

TEST_CASE("a model too large to count is refused, not wrapped around") {
  MoeConfig moe = flat(1 << 30, {Index{1} << 40});
  REQUIRE_THROWS_AS(model_size(around(moe), 100), Error);
}
