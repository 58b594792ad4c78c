#include "bridge/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_text.h"

namespace qtot::bridge {
namespace {

const std::string kPayload = "twelve bytes";
const std::string kFrame = frame_of(Kind::kStep, 0x0102030405060708, bytes_of(kPayload));

bool is_whole(const std::string& frame) {
  const Bytes bytes = bytes_of(frame);
  return read_header(bytes).crc == crc_of(bytes.first(kHeaderBytes), bytes.subspan(kHeaderBytes));
}

TEST(Frame, LiesInMemoryAsTheTableSays) {
  const std::string head("QTPY\x01\x00\x03\x00\x08\x07\x06\x05\x04\x03\x02\x01\x0c\x00\x00\x00",
                         20);
  EXPECT_EQ(kFrame.substr(0, head.size()), head);
  EXPECT_EQ(kFrame.substr(kHeaderBytes), kPayload);
  const Header header = read_header(bytes_of(kFrame));
  EXPECT_EQ(header.kind, Kind::kStep);
  EXPECT_EQ(header.sequence, 0x0102030405060708U);
  EXPECT_EQ(header.size, kPayload.size());
  EXPECT_TRUE(is_whole(kFrame));
}

TEST(Frame, EveryBitIsGuarded) {
  for (std::size_t bit = 0; bit < 8 * kFrame.size(); ++bit) {
    std::string damaged = kFrame;
    damaged[bit / 8] =
        static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ (1U << bit % 8));
    bool taken = false;
    test::error_text([&] { taken = is_whole(damaged); });
    EXPECT_FALSE(taken) << bit;
  }
}

TEST(Frame, ForeignBytesAndVersionsAreNamed) {
  EXPECT_EQ(test::error_text([] { read_header(bytes_of("Hello, I am no frame at all")); }),
            "answered with what is no frame: it begins with \"Hell\"");
  std::string other = kFrame;
  other[4] = 2;
  EXPECT_EQ(test::error_text([&] { read_header(bytes_of(other)); }),
            "answered in version 2 of the frames, expected 1");
}

}  // namespace
}  // namespace qtot::bridge
