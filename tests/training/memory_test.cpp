// The memory that training is said to take follows the shape of the model.
#include "training/memory.hpp"

#include "model/size.hpp"
#include "support/catch.hpp"
#include "support/paper_models.hpp"

using namespace moelm;

TEST_CASE("training memory has the parts that its description names") {
  const ModelConfig model = around(flat(32));
  const ModelSize size = model_size(model, 10000);
  const TrainingMemory memory = training_memory(model, 10000, {1280}, 2);
  REQUIRE(memory.weights == 4 * size.parameters);
  REQUIRE(memory.moments == 8 * size.parameters + 8 * (10000 + 32));
  // Routed rows alone: input, output and their gradients, hidden and its gradient.
  REQUIRE(memory.activations > Index{4} * 1280 * 4 * (4 * 512 + 2 * 1024));
  const TrainingMemory streams = training_memory(model, 10000, {1280, 0, 0, 64, 131072}, 2);
  REQUIRE(streams.streams == 64 * (3 * 4 * 2 * (512 + 512) + 131072));  // h and c of two LSTM layers
  REQUIRE(streams.total() == memory.total() + streams.streams);

  const TrainingMemory twice = training_memory(model, 10000, {2560}, 2);
  REQUIRE(twice.weights == memory.weights);
  REQUIRE(twice.activations > memory.activations * 3 / 2);
  REQUIRE(training_memory(around(flat(256)), 10000, {1280}, 2).gradients < memory.gradients + Index{4} * 2 * 512 * 256);
  REQUIRE(training_memory(around(flat(1 << 20, {1 << 20})), 10000, {1280}, 2).total() > 0);
}

TEST_CASE("a rank needs its share of the experts' memory") {
  const ModelConfig model = around(flat(16, {128}));
  const TrainingMemory one = training_memory(model, 1000, {640, 0, 0, 32, 0, false, 1}, 1),
                       four = training_memory(model, 1000, {640, 0, 0, 32, 0, false, 4}, 1);
  const Index experts = Index{16} * 2 * 512 * 128 * 4;
  REQUIRE(one.weights - four.weights == experts * 3 / 4);
  REQUIRE(one.exchange == 0);
  REQUIRE(four.exchange > 0);
  REQUIRE(four.moments < one.moments);
}

TEST_CASE("lanes of a rank need their partial sums, and where tables are tied a gradient of the table each") {
  ModelConfig model = around(flat(16, {128}));
  const auto exchange = [&](Index lanes) {
    return training_memory(model, 10000, {640, 0, 0, 32, 0, false, 1, lanes}, 1).exchange;
  };
  const Index table = Index{10000} * 512 * 4;
  REQUIRE(exchange(1) == 0);
  REQUIRE(exchange(8) > 4 * table);  // the softmax is full
  model.tied = true;
  REQUIRE(exchange(8) - exchange(4) > 4 * table);
  std::get<SoftmaxConfig>(model.layers.back()).samples = 500;
  REQUIRE(exchange(8) - exchange(4) < 4 * table);
}
