#include "qtot/config/training_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "qtot/config/training_keys.h"
#include "support/error_text.h"

namespace qtot::config {
namespace {

using test::error_text;
using testing::HasSubstr;

using Data = decltype(Value::data);

// A configuration with an environment and the given keys.
ReadConfig read(const std::vector<std::pair<std::string, Data>>& keys) {
  Map map = {{"env", {std::string("two_step"), "env.yaml:1"}}};
  for (const auto& [key, data] : keys) map.emplace_back(key, Value{data, "my.yaml:7"});
  return read_training_config(map);
}

std::string refusal(const std::vector<std::pair<std::string, Data>>& keys) {
  return error_text([&] { read(keys); });
}

std::string text(const char* s) {
  return s;
}

std::int64_t integer(std::int64_t x) {
  return x;
}

const OptionInfo& info(const ReadConfig& config, const std::string& key) {
  for (const OptionInfo& one : config.options) {
    if (one.key == key) return one;
  }
  ADD_FAILURE() << key;
  return config.options.front();
}

TEST(TrainingConfigTest, EveryDefaultObeysItsOwnRule) {
  TrainingConfig config;
  Options listed;
  config.options(listed);
  Map map = listed.values();
  find(map, "env")->data = text("two_step");
  EXPECT_EQ(error_text([&] { read_training_config(map); }), "(no error)");
}

TEST(TrainingConfigTest, EveryKeyHasAHelpText) {
  for (const OptionInfo& one : read({}).options) EXPECT_GT(one.help.size(), 10u) << one.key;
}

TEST(TrainingConfigTest, TheMapHasEveryKeyAndReadsBackToItself) {
  const ReadConfig once = read({{"lr", 0.25}, {"mixer", Data()}, {"use_cuda", true}});
  const ReadConfig again = read_training_config(once.map);
  EXPECT_EQ((Value{once.map, ""}.text()), (Value{again.map, ""}.text()));
  EXPECT_EQ(once.map.size(), once.options.size());
  EXPECT_TRUE(again.warnings.empty());
}

TEST(TrainingConfigTest, KeysThatOnlyReportAreNoTrainingKeys) {
  const ReadConfig config = read({});
  std::vector<std::string> reporting;
  for (const OptionInfo& one : config.options) {
    if (!one.training) reporting.push_back(one.key);
  }
  EXPECT_THAT(reporting, testing::ElementsAre(
                             "name", "target_cache_mib", "test_interval", "test_nepisode",
                             "log_interval", "runner_log_interval", "learner_log_interval",
                             "save_model", "save_model_interval", "use_tensorboard",
                             "digest_interval", "local_results_path", "cluster.stall_timeout"));
}

TEST(TrainingConfigTest, SpellingsOfPymarlAreAdopted) {
  EXPECT_EQ(read({{"mixer", Data()}}).config.mixer, "iql");
  EXPECT_EQ(read({{"mixer", text("none")}}).config.mixer, "iql");
  EXPECT_EQ(read({{"mixer", text("nmix")}}).config.mixer, "qmix");
  EXPECT_EQ(read({{"agent", text("n_rnn")}}).config.agent, "rnn");
  EXPECT_EQ(read({{"seed", Data()}}).config.seed, TrainingConfig().seed);
  EXPECT_EQ(info(read({{"mixer", Data()}}), "mixer").origin, "my.yaml:7");
}

TEST(TrainingConfigTest, Pymarl2sLearnerHalvesTheLossUnlessAFactorIsGiven) {
  const ReadConfig halved = read({{"learner", text("nq_learner")}});
  EXPECT_EQ(halved.config.loss_factor, 0.5);
  EXPECT_EQ(info(halved, "loss_factor").origin, "my.yaml:7");
  EXPECT_EQ(read({{"learner", text("q_learner")}}).config.loss_factor, 1);
  EXPECT_EQ(read({{"learner", text("nq_learner")}, {"loss_factor", 2.0}}).config.loss_factor, 2);
}

TEST(TrainingConfigTest, KeysWithoutMeaningGiveOneWarningThatNamesThem) {
  const ReadConfig config =
      read({{"use_cuda", true}, {"runner", text("parallel")}, {"label", text("x")}, {"lr", 0.1}});
  EXPECT_THAT(config.warnings,
              testing::ElementsAre("ignored, without meaning in qtot: use_cuda runner label"));
  EXPECT_TRUE(read({{"lr", 0.1}}).warnings.empty());
}

TEST(TrainingConfigTest, PymarlsNamesOfWeightedQmixAndQtranAreUnderstood) {
  EXPECT_EQ(
      read({{"learner", text("max_q_learner")}, {"central_mixer", text("ff")}}).config.objective,
      "weighted_td");
  for (const char* name : {"qtran_base", "qtran_alt"}) {
    const TrainingConfig config =
        read({{"learner", text("qtran_learner")}, {"mixer", text(name)}}).config;
    EXPECT_EQ(config.objective, name);
    EXPECT_EQ(config.mixer, "vdn");
  }
}

TEST(TrainingConfigTest, ObjectivesRefuseWhatHasNoMeaningForThem) {
  using testing::StartsWith;
  EXPECT_THAT(refusal({{"objective", text("weighted_td")}, {"double_q", false}}),
              StartsWith("double_q = False contradicts objective = \"weighted_td\""));
  EXPECT_THAT(refusal({{"mixer", text("qtran_base")}, {"returns", text("sarsa")}}),
              StartsWith("returns = \"sarsa\" contradicts objective = \"qtran_base\""));
  EXPECT_THAT(refusal({{"mixer", text("qtran_alt")}, {"q_lambda", true}}),
              StartsWith("q_lambda = True contradicts objective = \"qtran_alt\""));
  EXPECT_THAT(refusal({{"objective", text("qtran_base")}}),
              StartsWith("mixer = \"qmix\" contradicts objective = \"qtran_base\""));
}

TEST(TrainingConfigTest, WhatWouldChangeTheAlgorithmIsRefused) {
  EXPECT_EQ(refusal({{"obs_individual_obs", false}}), "(no error)");
  EXPECT_EQ(refusal({{"obs_individual_obs", true}}),
            "obs_individual_obs = True (my.yaml:7): not supported yet; qtot takes only False");
  EXPECT_EQ(refusal({{"learner", text("coma_learner")}}),
            "learner = \"coma_learner\" (my.yaml:7): not supported yet; qtot takes only "
            "\"q_learner\" or \"nq_learner\" or \"dmaq_qatten_learner\" or "
            "\"max_q_learner\" or \"qtran_learner\"");
  EXPECT_EQ(refusal({{"evaluate", true}}),
            "evaluate = True (my.yaml:7): not supported yet; qtot takes only False; use `qtot "
            "eval`");
  EXPECT_THAT(refusal({{"standardise_returns", true}}), HasSubstr("not supported yet"));
}

TEST(TrainingConfigTest, OneKeyHasTheNamesOfSeveralPeers) {
  EXPECT_TRUE(read({{"per", true}}).config.use_per);
  EXPECT_EQ(info(read({{"per", true}}), "use_per").origin, "my.yaml:7");
  EXPECT_EQ(read({{"training_iters", integer(4)}}).config.n_updates_per_round, 4);
  EXPECT_TRUE(read({{"per", true}, {"use_per", true}}).config.use_per);
  EXPECT_EQ(refusal({{"per", true}, {"use_per", false}}),
            "per = True (my.yaml:7) contradicts use_per = False: they are names of one key");
}

TEST(TrainingConfigTest, TricksThatContradictEachOtherAreRefused) {
  EXPECT_EQ(refusal({{"return_priority", true}}),
            "return_priority = True contradicts use_per = False: priorities are not used");
  EXPECT_THAT(refusal({{"use_per", true}, {"per_skips_last", true}, {"batch_size", integer(1)}}),
              HasSubstr("per_skips_last = True contradicts batch_size = 1"));
  EXPECT_THAT(refusal({{"reward_scale", 10.0}, {"standardise_rewards", text("running")}}),
              HasSubstr("reward_scale = 10.0 contradicts standardise_rewards = \"running\""));
}

TEST(TrainingConfigTest, UnknownKeysNameTheNearest) {
  EXPECT_EQ(refusal({{"bach_size", integer(8)}}),
            "bach_size (my.yaml:7): no such key; did you mean batch_size?");
  EXPECT_EQ(refusal({{"qqqqqqqqqqqq", integer(8)}}), "qqqqqqqqqqqq (my.yaml:7): no such key");
}

TEST(TrainingConfigTest, RulesOfSingleKeysHold) {
  EXPECT_EQ(refusal({{"td_lambda", 1.2}}), "td_lambda = 1.2 (my.yaml:7): must be in [0, 1]");
  EXPECT_EQ(refusal({{"lr", 0.0}}), "lr = 0.0 (my.yaml:7): must be above 0");
  EXPECT_EQ(refusal({{"pipeline", integer(2)}}), "pipeline = 2 (my.yaml:7): must be in [0, 1]");
  EXPECT_EQ(refusal({{"scalar", text("double")}}),
            "scalar = \"double\" (my.yaml:7): must be float (qtot supports no other value)");
  EXPECT_EQ(refusal({{"optimizer", text("sgd")}}),
            "optimizer = \"sgd\" (my.yaml:7): must be one of rmsprop, adam, radam");
  EXPECT_THAT(refusal({{"time_limit", text("x")}}), HasSubstr("one of truncation, terminal"));
  EXPECT_THAT(refusal({{"padding_mask", text("x")}}), HasSubstr("one of strict, pymarl"));
  EXPECT_THAT(refusal({{"lambda_start", text("x")}}), HasSubstr("one of episode_end, batch_end"));
  EXPECT_THAT(refusal({{"qmix_pos_func", text("x")}}),
              HasSubstr("one of abs, softplus, quadratic"));
  EXPECT_THAT(refusal({{"agent", text("x")}}), HasSubstr("one of rnn, ff"));
  EXPECT_THAT(refusal({{"hypernet_layers", integer(3)}}), HasSubstr("in [1, 2]"));
}

// PyMARL2's learner of Weighted QMIX halves the loss of Q* alone.
TEST(TrainingConfigTest, TheLearnerOfWeightedQmixHalvesTheLossThatItsPeerHalves) {
  const TrainingConfig wqmix = read({{"learner", text("max_q_learner")}}).config;
  EXPECT_EQ(wqmix.objective, "weighted_td");
  EXPECT_EQ(wqmix.loss_factor, 1);
  EXPECT_EQ(wqmix.central_loss, 1);
  const TrainingConfig pymarl2 =
      read({{"learner", text("max_q_learner")}, {"preset", text("pymarl2")}}).config;
  EXPECT_EQ(pymarl2.loss_factor, 1);
  EXPECT_EQ(pymarl2.central_loss, 0.5);
  const TrainingConfig doubled = read({{"learner", text("max_q_learner")},
                                       {"preset", text("pymarl2")},
                                       {"central_loss", integer(2)}})
                                     .config;
  EXPECT_EQ(doubled.central_loss, 1);
}

TEST(TrainingConfigTest, RulesThatBindTwoKeysHold) {
  EXPECT_EQ(refusal({{"batch_size", integer(128)}, {"buffer_size", integer(32)}}),
            "batch_size = 128 is larger than buffer_size = 32: the buffer never holds so many "
            "episodes");
  EXPECT_EQ(refusal({{"batch_size_run", integer(64)}, {"buffer_size", integer(32)}}),
            "batch_size_run = 64 is larger than buffer_size = 32: a round must fit into the "
            "buffer");
  EXPECT_EQ(refusal({{"epsilon_start", 0.1}, {"epsilon_finish", 0.2}}),
            "epsilon_finish = 0.2 is larger than epsilon_start = 0.1: exploration falls over time");
  EXPECT_EQ(refusal({{"abs", false}, {"qmix_pos_func", text("softplus")}}),
            "abs = False contradicts qmix_pos_func = \"softplus\": weights are either free or made "
            "positive");
  EXPECT_EQ(error_text([] { read_training_config({}); }),
            "env: no environment is named (--env-config=NAME or env=NAME)");
}

TEST(TrainingKeysTest, ARunOfBeforeAKeyWasIsOneWithItsDefault) {
  const ReadConfig one_step = read({{"td_lambda", 0.0}});
  KeyTexts earlier = training_keys(one_step);
  std::erase_if(earlier, [](const auto& key) {
    return key.first == "returns" || key.first == "n_step" || key.first == "target_epsilon";
  });
  EXPECT_EQ(first_difference(with_new_keys(earlier, one_step), training_keys(one_step)),
            std::nullopt);

  const ReadConfig changed = read({{"td_lambda", 0.0}, {"returns", text("watkins")}});
  const auto difference = first_difference(with_new_keys(earlier, changed), training_keys(changed));
  ASSERT_TRUE(difference.has_value());
  EXPECT_EQ(difference->key, "returns");
  EXPECT_EQ(difference->in_a, "\"peng\"");
  EXPECT_EQ(difference->in_b, "\"watkins\"");
}

TEST(TrainingConfigTest, ReturnsRefuseWhatTheyWouldNotRead) {
  EXPECT_EQ(
      refusal({{"returns", text("watkins")}, {"q_lambda", true}}),
      "q_lambda = True contradicts returns = \"watkins\": it is PyMARL2's change to \"peng\"");
  EXPECT_EQ(refusal({{"returns", text("n_step")}, {"td_lambda", 0.5}}),
            "td_lambda = 0.5 contradicts returns = \"n_step\": it has no trace that decays; give "
            "td_lambda=0");
  EXPECT_EQ(refusal({{"n_step", integer(3)}}),
            "n_step = 3 contradicts returns = \"peng\": only \"n_step\" counts steps");
  EXPECT_EQ(refusal({{"returns", text("watkins")}, {"target_epsilon", 0.1}}),
            "target_epsilon = 0.1 contradicts returns = \"watkins\": its target policy is greedy; "
            "give one of \"harutyunyan\", \"tree_backup\", \"retrace\", \"importance_sampling\"");
}

TEST(ReferenceTest, EveryKeyHasALineAndTablesKeepTheirColumns) {
  Options own;
  int field = 3;
  own.add("n_agents", field, "hunters | agents", between(1, 9));
  const std::string markdown = reference_markdown({{"Environment x", "A text.", own.infos()}});

  for (const OptionInfo& one : read({}).options) {
    EXPECT_THAT(markdown, HasSubstr("\n| `" + one.key + "` | ")) << one.key;
  }
  EXPECT_THAT(markdown, HasSubstr("| `td_lambda` | number | `0.0` | in [0, 1] | "));
  EXPECT_THAT(markdown, HasSubstr("## Environment x\n\nA text.\n\n| key |"));
  EXPECT_THAT(markdown, HasSubstr("| `n_agents` | integer | `3` | in [1, 9] | hunters \\| agents"));
  EXPECT_THAT(markdown, HasSubstr("| `use_cuda` | any |"));
  EXPECT_THAT(markdown,
              HasSubstr("| `learner` | `\"q_learner\"`, `\"nq_learner\"`, "
                        "`\"dmaq_qatten_learner\"`, `\"max_q_learner\"`, `\"qtran_learner\"` |"));
}

}  // namespace
}  // namespace qtot::config
