// Reads the event file back as TensorBoard does: framing, both checksums, messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "event.pb.h"
#include "metrics/fake_clock.h"
#include "qtot/metrics/sinks.h"
#include "support/temp_folder.h"

namespace qtot::metrics {
namespace {

constexpr std::uint64_t kMaxBytes = 1 << 20;

// CRC-32C bit by bit, by its definition: reflected polynomial 0x82F63B78, all ones before and after.
std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

std::uint32_t unmasked(std::uint32_t masked) {
  const std::uint32_t rotated = masked - 0xA282EAD8U;
  return (rotated << 15) | (rotated >> 17);
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

std::vector<proto::Event> events_of(const std::string& bytes) {
  std::vector<proto::Event> events;
  std::string_view rest = bytes;
  while (rest.size() >= 12) {
    const std::string_view length_bytes = rest.substr(0, 8);
    const std::uint64_t length = little_endian(length_bytes);
    EXPECT_EQ(unmasked(static_cast<std::uint32_t>(little_endian(rest.substr(8, 4)))),
              crc32c(length_bytes));
    if (rest.size() < 16 + length) break;
    const std::string_view data = rest.substr(12, length);
    EXPECT_EQ(unmasked(static_cast<std::uint32_t>(little_endian(rest.substr(12 + length, 4)))),
              crc32c(data));
    EXPECT_TRUE(events.emplace_back().ParseFromArray(data.data(), static_cast<int>(data.size())));
    rest.remove_prefix(16 + length);
  }
  EXPECT_TRUE(rest.empty()) << rest.size() << " bytes beyond the last whole record";
  return events;
}

class TensorboardTest : public testing::Test {
 protected:
  std::vector<proto::Event> events() const { return events_of(read_file(path_, kMaxBytes)); }

  test::TempFolder folder_;
  std::filesystem::path path_ = folder_ / "events.out.tfevents.qtot";
  test::FakeClock clock_;
};

Record record_at(std::int64_t t_env) {
  Record record{.t_env = t_env, .episode = 1, .update = 1};
  record.add("return_mean", 0.1);
  record.add("n_wins", 3);
  return record;
}

// RFC 3720, B.4: 32 bytes of zeros, and 32 of ones.
TEST(Crc32cTest, TheReaderOfThisTestKnowsThePublishedValues) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
}

TEST_F(TensorboardTest, EventsReadBackWithTheirChecksums) {
  TensorboardSink sink(path_, 0, clock_);
  clock_.seconds = 1001.5;
  sink.write(record_at(120));
  const auto read = events();
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].file_version(), "brain.Event:2");
  EXPECT_EQ(read[0].wall_time(), 1.7e9 + 1000);
  EXPECT_EQ(read[1].wall_time(), 1.7e9 + 1001.5);
  EXPECT_EQ(read[1].step(), 120);
  ASSERT_EQ(read[1].summary().value_size(), 2);
  EXPECT_EQ(read[1].summary().value(0).tag(), "return_mean");
  EXPECT_EQ(read[1].summary().value(0).simple_value(), 0.1F);
  EXPECT_EQ(read[1].summary().value(1).tag(), "n_wins");
  EXPECT_EQ(read[1].summary().value(1).simple_value(), 3.0F);
}

// The field numbers are TensorFlow's, by the bytes of the wire format: tag = number * 8 + type.
TEST_F(TensorboardTest, TheFieldNumbersAreThoseOfTensorFlow) {
  clock_.seconds = 1000 - 1.7e9 - 1000;  // wall time 0 is left out
  TensorboardSink sink(path_, 0, clock_);
  const std::uint64_t header = sink.sync();
  Record record{.t_env = 5, .episode = 1, .update = 1};
  record.add("x", 1.0);
  sink.write(record);
  const std::string bytes = read_file(path_, kMaxBytes);
  EXPECT_EQ(bytes.substr(12, header - 16),
            "\x1a\x0d"
            "brain.Event:2");
  EXPECT_EQ(bytes.substr(header + 12, bytes.size() - header - 16),
            std::string("\x10\x05\x2a\x0a\x0a\x08\x0a\x01x\x15\x00\x00\x80\x3f", 14));
}

TEST_F(TensorboardTest, AResumedFileHasOneHeaderAndNoEventTwice) {
  std::uint64_t at_checkpoint = 0;
  {
    TensorboardSink sink(path_, 0, clock_);
    sink.write(record_at(20));
    at_checkpoint = sink.sync();
    sink.write(record_at(30));
  }
  {
    TensorboardSink sink(path_, at_checkpoint, clock_);
    sink.write(record_at(40));
  }
  const auto read = events();
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].what_case(), proto::Event::kFileVersion);
  EXPECT_EQ(read[1].step(), 20);
  EXPECT_EQ(read[2].step(), 40);
}

}  // namespace
}  // namespace qtot::metrics
