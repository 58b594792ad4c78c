// The contract tests of tests/env over plugins: loaded first, they are families like others.

#include <gtest/gtest.h>

#include "qtot/plugin/load.h"

int main(int argc, char** argv) {
  qtot::plugin::load(QTOT_PLUGINS "/coin.so");
  qtot::plugin::load(QTOT_PLUGINS "/two_step.so");
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
