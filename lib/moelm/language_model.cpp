#include "moelm/language_model.hpp"

#include <new>
#include <optional>
#include <utility>

#include "base/check.hpp"
#include "base/machine.hpp"
#include "evaluation/predictor.hpp"
#include "model_files/model_store.hpp"

namespace moelm {

namespace {

int threads_or_default(int threads) { return threads > 0 ? threads : default_threads().threads; }

}  // namespace

StreamState::StreamState(std::unique_ptr<ModelState> state, std::size_t streams)
    : state_(std::move(state)), streams_(streams) {}
StreamState::~StreamState() = default;
StreamState::StreamState(const StreamState& other)
    : state_(std::make_unique<ModelState>(other.state_->clone())), streams_(other.streams_) {}
StreamState& StreamState::operator=(const StreamState& other) { return *this = StreamState(other); }
StreamState::StreamState(StreamState&&) noexcept = default;
StreamState& StreamState::operator=(StreamState&&) noexcept = default;

StreamState StreamState::select(std::span<const std::size_t> streams) const {
  const std::vector<Index> chosen(streams.begin(), streams.end());
  for (const std::size_t stream : streams) ensure(stream < streams_, "a selected stream exists");
  ensure(!streams.empty(), "there is at least one stream");
  auto selected = std::make_unique<ModelState>();
  selected->select(*state_, chosen);
  return {std::move(selected), streams.size()};
}

struct LanguageModel::Loaded {
  Loaded(const std::string& run, int threads)
      : context(threads_or_default(threads)),
        model(load_model(run)),
        predictor(context, model.run.config.model, model.parameters) {}

  Context context;
  LoadedModel model;
  Predictor predictor;
  std::size_t streams = 0;                       // of the last read
  std::optional<ConstMatrixView> distributions;  // after it, once they were asked for
};

LanguageModel::LanguageModel(const std::string& run, int threads) : loaded_(std::make_unique<Loaded>(run, threads)) {}
LanguageModel::~LanguageModel() = default;
LanguageModel::LanguageModel(LanguageModel&&) noexcept = default;
LanguageModel& LanguageModel::operator=(LanguageModel&&) noexcept = default;

const std::string& LanguageModel::checkpoint() const { return loaded_->model.checkpoint; }
const std::vector<std::string>& LanguageModel::warnings() const { return loaded_->model.warnings; }

std::int32_t LanguageModel::vocabulary_size() const {
  return static_cast<std::int32_t>(loaded_->model.tokenizer->vocabulary_size());
}

std::int32_t LanguageModel::start_token() const { return loaded_->model.tokenizer->end_id(); }

std::vector<std::int32_t> LanguageModel::encode_line(std::string_view line) const {
  EncodedText encoded;
  loaded_->model.tokenizer->encode_line(std::string(line) + "\n", encoded);
  loaded_->model.tokenizer->end_document(encoded);
  return std::move(encoded.ids);
}

std::string LanguageModel::decode(std::span<const std::int32_t> tokens) const {
  for (const std::int32_t token : tokens)
    ensure(token >= 0 && token < vocabulary_size(), "tokens are of the vocabulary");
  return loaded_->model.tokenizer->decode(tokens);
}

StreamState LanguageModel::start(std::size_t streams) const {
  ensure(streams > 0, "there is at least one stream");
  return {std::make_unique<ModelState>(loaded_->predictor.start(static_cast<Index>(streams))), streams};
}

void LanguageModel::read(std::span<const std::int32_t> tokens, StreamState& state) {
  ensure(tokens.size() == state.streams(), "there is a token for each stream of the state");
  loaded_->streams = 0;
  loaded_->distributions.reset();
  loaded_->predictor.read(tokens, state.model_state());
  loaded_->streams = tokens.size();
}

std::vector<double> LanguageModel::log_probabilities(std::span<const std::int32_t> next) {
  ensure(loaded_->streams > 0 && next.size() == loaded_->streams, "there is a token for each stream that was read");
  std::vector<NextToken> asked;
  for (const std::int32_t token : next) {
    ensure(token >= 0 && token < vocabulary_size(), "tokens are of the vocabulary");
    asked.push_back({static_cast<Index>(asked.size()), token});
  }
  std::vector<double> result(next.size());
  loaded_->predictor.score(asked, result);
  for (double& value : result) value = -value;
  return result;
}

std::span<const float> LanguageModel::distribution(std::size_t stream) {
  ensure(stream < loaded_->streams, "the stream was read");
  if (!loaded_->distributions) loaded_->distributions = loaded_->predictor.log_probabilities();
  return loaded_->distributions->row_span(static_cast<Index>(stream));
}

int exit_code(const std::exception& error) {
  if (const auto* known = dynamic_cast<const Error*>(&error)) return static_cast<int>(known->exit());
  const bool no_memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  return static_cast<int>(no_memory ? Exit::out_of_memory : Exit::internal);
}

}  // namespace moelm
