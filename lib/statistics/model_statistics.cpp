#include "statistics/model_statistics.hpp"

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "run/run_data.hpp"
#include "statistics/statistics_pass.hpp"
#include "terminal/format.hpp"

namespace moelm {
namespace {

/// Longer texts are cut into streams: one stream, one time step after another, would take hours.
constexpr Index kMaxExactTokens = 500'000;
constexpr Index kStreams = 32;

/// A text and what to call it.
struct NamedText {
  StatisticsText text;
  std::string name;
};

NamedText read_text(const LoadedModel& model, const StatisticsRequest& request, StateKind state) {
  if (request.sentence) {
    NamedText read{load_sentence(*request.sentence, *model.tokenizer, state), "the sentence given"};
    if (read.text.tokens() > kMaxSentenceTokens)
      throw Error(Exit::usage, "--sentence: expected at most " + format_count(kMaxSentenceTokens) + " tokens, found " +
                                   format_count(read.text.tokens()) + "; put the text into a file");
    return read;
  }
  if (!request.texts.empty()) {
    NamedText read{load_texts(request.texts, *model.tokenizer, state), {}};
    const std::vector<TextInput>& inputs = read.text.inputs;
    read.name = inputs.size() == 1 ? inputs[0].name : format_counted(static_cast<Index>(inputs.size()), "file");
    return read;
  }
  const Dataset data = open_run_data(model.folder, model.run, request.data, DataMatch::same_tokens);
  return {load_split(data, request.split, state), split_name(data, request.split)};
}

RowClasses choose_classes(const StatisticsRequest& request, const StatisticsText& text, const Tokenizer& tokenizer) {
  if (request.classes) return classes_by_label(text, *request.classes);
  if (can_class_by_file(text)) return classes_by_file(text);
  return classes_by_token(tokenizer);
}

std::string state_text(const StatisticsPass& pass) {
  if (pass.state == StateKind::reset) return "reset: every line from the zero state; float32";
  if (pass.streams == 1) return "carry: one stream, exact; float32";
  return "carry: " + format_counted(pass.streams, "stream") + ", an approximation; float32";
}

void add_facts(const LoadedModel& model, const NamedText& read, const StatisticsPass& pass, StatisticsReport& report) {
  const std::string& run = model.folder;
  report.title = "Expert report: " + run;
  report.facts = {{"run", run},
                  {"checkpoint", model.checkpoint.substr(model.checkpoint.rfind('/') + 1)},
                  {"model", summary(model.run.config.model)},
                  {"text", read.name},
                  {"tokens", format_count(report.tokens) + " in " + format_counted(read.text.lines(), "line") + ", " +
                                 format_count(read.text.facts.unknown_words) + " unknown words"},
                  {"perplexity", format_measure(report.perplexity, 5)},
                  {"state", state_text(pass)},
                  {"classes", report.classes_of_tokens ? "what the token read looks like" : "by " + report.class_kind}};
}

}  // namespace

StatisticsReport model_statistics(Context& context, const LoadedModel& model, const StatisticsRequest& request,
                                  const StatisticsHooks& hooks) {
  StatisticsPass pass;
  pass.state = model.run.config.train.state;
  const NamedText read = read_text(model, request, pass.state);
  if (hooks.note)
    for (const std::string& note : text_notes(read.text.facts, model.tokenizer->keeps_bytes()))
      hooks.note(read.name + ": " + note);
  if (pass.state == StateKind::carry && read.text.tokens() > kMaxExactTokens && !hooks.routes) pass.streams = kStreams;
  pass.text_name = read.name;
  pass.routes = hooks.routes;
  if (request.sentence) pass.shown_tokens = kMaxSentenceTokens;
  if (hooks.progress) pass.progress = [&](Index done) { hooks.progress(done, read.text.tokens()); };
  const RowClasses classes = choose_classes(request, read.text, *model.tokenizer);
  StatisticsReport report =
      collect_statistics(context, model.run.config.model, model.parameters, *model.tokenizer, read.text, classes, pass);
  report.only_sentence = request.sentence.has_value();
  add_facts(model, read, pass, report);
  return report;
}

}  // namespace moelm
