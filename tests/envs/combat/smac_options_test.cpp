#include "envs/combat/smac_options.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "support/error_text.h"

namespace qtot::envs::combat {
namespace {

std::string error_of(const std::string& key, const config::Value& value) {
  return test::error_text([&] {
    config::Options reader(config::Map{{key, value}}, "env_args.");
    add_smac_options(reader);
    reader.refuse_unknown("environment combat");
  });
}

TEST(CombatSmacOptions, AreAcceptedAtTheValueThatCombatHas) {
  EXPECT_EQ(error_of("difficulty", {std::string("7"), "test"}), "(no error)");
  EXPECT_EQ(error_of("reward_win", {std::int64_t{200}, "test"}), "(no error)");
  EXPECT_EQ(error_of("step_mul", {std::int64_t{8}, "test"}), "(no error)");
}

TEST(CombatSmacOptions, AreRefusedAtAnyOther) {
  EXPECT_EQ(error_of("difficulty", {std::string("A"), "test"}),
            "env_args.difficulty = \"A\" (test): must be \"7\" (qtot supports no other value)");
  EXPECT_EQ(error_of("reward_sparse", {true, "test"}),
            "env_args.reward_sparse = True (test): must be False (qtot supports no other value)");
}

}  // namespace
}  // namespace qtot::envs::combat
