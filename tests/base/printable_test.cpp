#include "qtot/base/printable.h"

#include <gtest/gtest.h>

namespace qtot {
namespace {

TEST(PrintableTest, WhatIsNoPrintableAsciiStandsAsHex) {
  EXPECT_EQ(printable("agent.fc1 ~"), "agent.fc1 ~");
  EXPECT_EQ(printable(std::string("\0\n\x1b[0m\x7f\xc3\xa9", 9)),
            "\\x00\\x0a\\x1b[0m\\x7f\\xc3\\xa9");
}

TEST(PrintableTest, ALongTextIsCut) {
  EXPECT_EQ(printable(std::string(200, 'a')), std::string(200, 'a'));
  EXPECT_EQ(printable(std::string(201, 'a')), std::string(200, 'a') + "...");
}

}  // namespace
}  // namespace qtot
