#include "tensorboard/event_record.hpp"

#include <algorithm>
#include <cmath>

#include "io/protocol_buffer.hpp"
#include "tensorboard/crc32c.hpp"

namespace moelm {

namespace {

constexpr std::size_t kBuckets = 30;

// Fields of the messages, by the names of their definition.
enum EventField { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
enum SummaryField { kValue = 1 };
enum ValueField { kTag = 1, kSimpleValue = 2, kHisto = 5 };
enum HistogramField { kMin = 1, kMax = 2, kNum = 3, kSum = 4, kSumSquares = 5, kBucketLimit = 6, kBucket = 7 };
enum SessionField { kStatus = 1 };
constexpr std::uint64_t kStart = 1;

/// length, checksum of the length, message, checksum of the message.
std::string framed(const ProtocolBuffer& event) {
  const std::string length = little_bytes<std::uint64_t>(event.bytes().size());
  return length + little_bytes(masked_crc32c(length)) + event.bytes() + little_bytes(masked_crc32c(event.bytes()));
}

ProtocolBuffer event_at(const EventTime& time) {
  ProtocolBuffer event;
  event.add_double(kWallTime, time.seconds);
  if (time.step != 0) event.add_varint(kStep, static_cast<std::uint64_t>(time.step));
  return event;
}

ProtocolBuffer histogram_message(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  ProtocolBuffer histogram;
  if (values.empty()) return histogram;
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  const double min = *lowest, max = *highest, width = (max - min) / static_cast<double>(kBuckets);
  const std::size_t buckets = width > 0 ? kBuckets : 1;
  std::vector<double> limits(buckets, max), counts(buckets);
  for (std::size_t b = 0; b + 1 < buckets; ++b) limits[b] = min + width * static_cast<double>(b + 1);
  double sum = 0, squares = 0;
  for (const double value : values) {
    const std::size_t b = width > 0 ? static_cast<std::size_t>((value - min) / width) : 0;
    ++counts[std::min(b, buckets - 1)];
    sum += value;
    squares += value * value;
  }
  histogram.add_double(kMin, min);
  histogram.add_double(kMax, max);
  histogram.add_double(kNum, static_cast<double>(values.size()));
  histogram.add_double(kSum, sum);
  histogram.add_double(kSumSquares, squares);
  histogram.add_doubles(kBucketLimit, limits);
  histogram.add_doubles(kBucket, counts);
  return histogram;
}

}  // namespace

std::string version_record(double seconds) {
  ProtocolBuffer event = event_at({seconds, 0});
  event.add_bytes(kFileVersion, "brain.Event:2");
  return framed(event);
}

std::string start_record(const EventTime& time) {
  ProtocolBuffer session, event = event_at(time);
  session.add_varint(kStatus, kStart);
  event.add_bytes(kSessionLog, session.bytes());
  return framed(event);
}

std::string summary_record(const EventTime& time, std::span<const EventScalar> scalars,
                           std::span<const EventHistogram> histograms) {
  ProtocolBuffer summary;
  for (const EventScalar& scalar : scalars) {
    ProtocolBuffer value;
    value.add_bytes(kTag, scalar.tag);
    value.add_float(kSimpleValue, static_cast<float>(scalar.value));
    summary.add_bytes(kValue, value.bytes());
  }
  for (const EventHistogram& histogram : histograms) {
    ProtocolBuffer value;
    value.add_bytes(kTag, histogram.tag);
    value.add_bytes(kHisto, histogram_message(histogram.values).bytes());
    summary.add_bytes(kValue, value.bytes());
  }
  ProtocolBuffer event = event_at(time);
  event.add_bytes(kSummary, summary.bytes());
  return framed(event);
}

}  // namespace moelm
