#include "qtot/math/fp_environment.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <cstdint>
#include <string>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "qtot/base/error.h"

namespace qtot::math {
namespace {

// Puts the state of the thread back, however the test ends.
class FpEnvironment : public testing::Test {
 protected:
  FpEnvironment() { std::fegetenv(&before_); }
  ~FpEnvironment() override { std::fesetenv(&before_); }

  // What require_ieee_arithmetic() says; the text is compared in the usual environment.
  std::string refusal() {
    std::string text;
    try {
      require_ieee_arithmetic();
    } catch (const Error& error) {
      text = error.what();
    }
    std::fesetenv(&before_);
    return text;
  }

 private:
  std::fenv_t before_ = {};
};

TEST_F(FpEnvironment, TheUsualOneIsAccepted) {
  EXPECT_EQ(refusal(), "");
}

TEST_F(FpEnvironment, EveryOtherRoundingModeIsRefused) {
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    EXPECT_NE(refusal().find("not rounded to nearest"), std::string::npos) << "mode " << mode;
  }
}

#ifdef __x86_64__
TEST_F(FpEnvironment, FlushingSubnormalResultsIsRefused) {
  _mm_setcsr(_mm_getcsr() | 0x8000U);
  EXPECT_NE(refusal().find("FTZ"), std::string::npos);
}

TEST_F(FpEnvironment, ReadingSubnormalsAsZeroIsRefused) {
  _mm_setcsr(_mm_getcsr() | 0x0040U);
  EXPECT_NE(refusal().find("DAZ"), std::string::npos);
}
#endif

#ifdef __aarch64__
TEST_F(FpEnvironment, FlushingSubnormalsIsRefused) {
  constexpr std::uint64_t kFlushToZero = std::uint64_t{1} << 24;
  std::uint64_t control = 0;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  asm volatile("msr fpcr, %0" : : "r"(control | kFlushToZero));
  EXPECT_NE(refusal().find("FTZ"), std::string::npos);
}
#endif

}  // namespace
}  // namespace qtot::math
