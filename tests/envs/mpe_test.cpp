#include <gtest/gtest.h>

#include "env/every_env.h"

namespace qtot {
namespace {

TEST(MpeTest, SpreadHasTheSizesOfMpe2) {
  const auto env = env::make_named("mpe");
  EXPECT_EQ(env->spec(), (env::DecPomdpSpec{3, 5, 18, 54, 25}));
}

}  // namespace
}  // namespace qtot
