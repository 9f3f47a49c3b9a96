#include "generation/generator.hpp"

#include "base/check.hpp"

namespace moelm {

namespace {

/// Uniform in [0, 1), 53 bits: a vocabulary may have many improbable tokens.
double uniform(const RandomStream& random, Index sample, Index position) {
  const auto bits = random.bits(sample, position, 0);
  const std::uint64_t high = bits[0] >> 5, low = bits[1] >> 6;
  return static_cast<double>(high << 26 | low) * 0x1p-53;
}

}  // namespace

Generator::Generator(Predictor& predictor, const Tokenizer& tokenizer, const Generation& how,
                     std::span<const std::int32_t> prompt)
    : predictor_(predictor),
      tokenizer_(tokenizer),
      how_(how),
      sampler_(how.sampling, how.allow_unknown ? -1 : tokenizer.unknown_id()),
      random_(how.seed, "generate", 0) {
  ensure(how.samples >= 1 && (how.max_lines > 0 || how.max_tokens > 0), "samples that end");
  ModelState start = predictor.start(1);
  std::int32_t last = tokenizer.end_id();
  for (const std::int32_t token : prompt) {
    predictor.read({&last, 1}, start);
    if (how.state == StateKind::reset && token == tokenizer.end_id()) start.clear(0);
    last = token;
  }
  state_.select(start, std::vector<Index>(static_cast<std::size_t>(how.samples), 0));
  inputs_.assign(static_cast<std::size_t>(how.samples), last);
  for (Index s = 0; s < how.samples; ++s) samples_.push_back({s});
}

std::span<const GeneratedToken> Generator::step() {
  drop_ended();
  drawn_.clear();
  if (samples_.empty()) return drawn_;
  predictor_.read(inputs_, state_);
  const ConstMatrixView log_p = predictor_.log_probabilities();
  for (std::size_t i = 0; i < samples_.size(); ++i) drawn_.push_back(draw(i, log_p.row_span(static_cast<Index>(i))));
  return drawn_;
}

GeneratedToken Generator::draw(std::size_t stream, std::span<const float> log_p) {
  Sample& sample = samples_[stream];
  GeneratedToken drawn{sample.number, sample.tokens};
  drawn.token = sampler_.draw(log_p, uniform(random_, sample.number, sample.tokens));
  drawn.log_p = static_cast<double>(log_p[static_cast<std::size_t>(drawn.token)]);
  drawn.ends_line = drawn.token == tokenizer_.line_end_id();
  ++sample.tokens;
  sample.lines += drawn.ends_line ? 1 : 0;
  drawn.ends_sample = sample.lines == how_.max_lines && how_.max_lines > 0;
  drawn.ends_sample = drawn.ends_sample || sample.tokens == how_.max_tokens;
  inputs_[stream] = drawn.token;
  return drawn;
}

/// Goes on with the samples that the last step did not end.
void Generator::drop_ended() {
  std::vector<Index> kept;
  for (std::size_t i = 0; i < drawn_.size(); ++i) {
    if (how_.state == StateKind::reset && drawn_[i].token == tokenizer_.end_id()) state_.clear(static_cast<Index>(i));
    if (!drawn_[i].ends_sample) kept.push_back(static_cast<Index>(i));
  }
  if (kept.size() == samples_.size() || drawn_.empty()) return;
  ModelState state;
  state.select(state_, kept);
  std::swap(state_, state);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    inputs_[i] = inputs_[static_cast<std::size_t>(kept[i])];
    samples_[i] = samples_[static_cast<std::size_t>(kept[i])];
  }
  inputs_.resize(kept.size());
  samples_.resize(kept.size());
}

}  // namespace moelm
