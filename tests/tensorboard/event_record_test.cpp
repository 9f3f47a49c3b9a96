// Records of event files: known bytes, an independent reader, and what the lines of metrics.jsonl become.
#include "tensorboard/event_record.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "support/catch.hpp"
#include "support/event_file.hpp"
#include "tensorboard/crc32c.hpp"
#include "tensorboard/metric_events.hpp"

using namespace moelm;

namespace {

std::string hex(std::string_view bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

ReadEvent only(const std::string& record) {
  const std::vector<ReadEvent> events = EventReader::read(record);
  REQUIRE(events.size() == 1);
  return events[0];
}

ReadHistogram histogram_of(const std::vector<double>& values) {
  const EventHistogram histogram{"h", values};
  return only(summary_record({1, 1}, {}, {&histogram, 1})).histograms.at("h");
}

}  // namespace

TEST_CASE("checksums have their published values") {
  CHECK(crc32c("123456789") == 0xE3069283U);
  CHECK(masked_crc32c("123456789") == 0xC78AB0E5U);
  CHECK(crc32c("") == 0);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAU);  // RFC 3720
  CHECK(crc32c(std::string(32, '\xff')) == 0x62A8AB43U);
}

TEST_CASE("records have known bytes") {
  CHECK(hex(version_record(1.0)) == "1800000000000000a37f4b2209000000000000f03f1a0d627261696e2e4576656e743a3286bf577a");
  const EventScalar loss{"loss", 2.5};
  CHECK(hex(summary_record({1.0, 10}, {&loss, 1}, {})) ==
        "1a00000000000000129bd82d09000000000000f03f100a2a0d0a0b0a046c6f737315000020404c85a729");
}

TEST_CASE("an independent reader finds what was written") {
  const std::vector<EventScalar> scalars = {{"a", 1.5}, {"b/c", std::nan("")}, {"d", 1e300}};
  const EventHistogram histogram{"h", {1, 2, 4}};
  const ReadEvent event = only(summary_record({1234.5, 3'000'000'000}, scalars, {&histogram, 1}));
  CHECK(event.wall_time == 1234.5);
  CHECK(event.step == 3'000'000'000);
  CHECK(event.scalars.at("a") == 1.5F);
  CHECK(std::isnan(event.scalars.at("b/c")));
  CHECK(std::isinf(event.scalars.at("d")));
  CHECK(event.histograms.size() == 1);
  CHECK(only(start_record({2, 7})).session_status == 1);
  CHECK(only(start_record({2, 7})).step == 7);
  CHECK(only(version_record(3)).file_version == "brain.Event:2");
}

TEST_CASE("histograms hold every value once, in buckets from the least to the greatest") {
  const std::vector<double> values = {3, -1, 0.5, 3, 2, 2.9999, -1};
  const ReadHistogram h = histogram_of(values);
  CHECK(h.min == -1);
  CHECK(h.max == 3);
  CHECK(h.num == 7);
  CHECK(h.sum == Approx(std::accumulate(values.begin(), values.end(), 0.0)));
  CHECK(h.sum_squares == Approx(9 + 1 + 0.25 + 9 + 4 + 2.9999 * 2.9999 + 1));
  REQUIRE(h.limits.size() == h.counts.size());
  CHECK(h.limits.back() == 3);
  double left = h.min;
  for (std::size_t b = 0; b < h.limits.size(); ++b) {
    CHECK(h.limits[b] > left);
    double expected = 0;
    const bool last = b + 1 == h.limits.size();
    for (const double v : values) expected += v >= left && (v < h.limits[b] || (last && v == h.limits[b])) ? 1 : 0;
    CHECK(h.counts[b] == expected);
    left = h.limits[b];
  }
}

TEST_CASE("histograms of equal, missing and endless values") {
  const ReadHistogram equal = histogram_of({5, 5, 5});
  CHECK(equal.limits == std::vector<double>{5});
  CHECK(equal.counts == std::vector<double>{3});
  CHECK(histogram_of({}).num == 0);
  const ReadHistogram finite = histogram_of({1, std::nan(""), std::numeric_limits<double>::infinity(), 2});
  CHECK(finite.num == 2);
  CHECK(finite.max == 2);
}

TEST_CASE("lines of metrics.jsonl become scalars, histograms and starts") {
  const Json step = {{"time", "2026-01-01T00:00:00Z"},
                     {"step", 7},
                     {"tokens", 700},
                     {"loss", 2.5},
                     {"ppl", 12},
                     {"lr", 0.002},
                     {"softmax", "full"},
                     {"moe", {{{"layer", 2}, {"cv_load", 0.25}, {"dead", 1}}}}};
  const ReadEvent trained = only(metric_record(step, 9));
  CHECK(trained.step == 7);
  CHECK(trained.wall_time == 9);
  CHECK(trained.scalars == std::map<std::string, float>{{"train/loss", 2.5F},
                                                        {"train/ppl", 12},
                                                        {"lr", 0.002F},
                                                        {"moe/layer2/cv_load", 0.25F},
                                                        {"moe/layer2/dead", 1}});
  CHECK(trained.histograms.empty());

  const Json valid = {{"time", nullptr},
                      {"split", "valid"},
                      {"step", 8},
                      {"tokens", 800},
                      {"loss", 2.25},
                      {"ppl", 9.5},
                      {"best", true},
                      {"moe",
                       {{{"layer", 2},
                         {"cv_load", 0.5},
                         {"expert_tokens", {3, 5}},
                         {"expert_importance", {1.5, 2.5}},
                         {"expert_load", {2, 6}}}}}};
  const ReadEvent validated = only(metric_record(valid, 9));
  CHECK(validated.scalars ==
        std::map<std::string, float>{{"valid/loss", 2.25F}, {"valid/ppl", 9.5F}, {"valid/moe/layer2/cv_load", 0.5F}});
  REQUIRE(validated.histograms.size() == 3);
  CHECK(validated.histograms.at("moe/layer2/tokens").sum == 8);
  CHECK(validated.histograms.at("moe/layer2/importance").max == 2.5);
  CHECK(validated.histograms.at("moe/layer2/load").min == 2);

  const ReadEvent start = only(metric_record({{"event", "resume"}, {"step", 8}, {"threads", 2}}, 9));
  CHECK(start.session_status == 1);
  CHECK(start.step == 9);
  CHECK(metric_record({{"event", "save_failed"}, {"step", 8}}, 9).empty());
}
