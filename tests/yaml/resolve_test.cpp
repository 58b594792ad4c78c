#include "qtot/yaml/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "qtot/yaml/yaml.h"
#include "support/error_text.h"

namespace qtot::yaml {
namespace {

using config::TrainingConfig;
using test::error_text;
namespace fs = std::filesystem;

const config::OptionInfo& info(const Resolved& resolved, const std::string& key) {
  for (const config::OptionInfo& one : resolved.options) {
    if (one.key == key) return one;
  }
  ADD_FAILURE() << key;
  return resolved.options.front();
}

// A folder of configurations of its own, chosen by QTOT_CONFIG_DIR for the time of a test.
class OwnConfigs : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("configs_" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "algs");
    fs::create_directories(folder_ / "envs");
    ::setenv("QTOT_CONFIG_DIR", folder_.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("QTOT_CONFIG_DIR");
    fs::remove_all(folder_);
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }

  fs::path folder_;
};

TEST_F(OwnConfigs, DefaultsYieldToEnvironmentToAlgorithmToCommandLine) {
  write("envs/e.yaml", "env: e\ngamma: 0.1\nlr: 0.1\nt_max: 1\nenv_args: {a: 1, b: 1, c: 1}\n");
  write("algs/a.yaml", "lr: 0.2\nt_max: 2\nenv_args: {b: 2, c: 2}\n");
  const Resolved r = resolve("a", "e", {"t_max=3", "env_args.c=3"});

  EXPECT_EQ(r.config.batch_size, TrainingConfig().batch_size);
  EXPECT_EQ(info(r, "batch_size").origin, "default");
  EXPECT_EQ(r.config.gamma, 0.1);
  EXPECT_EQ(info(r, "gamma").origin, (folder_ / "envs/e.yaml:2").string());
  EXPECT_EQ(r.config.lr, 0.2);
  EXPECT_EQ(info(r, "lr").origin, (folder_ / "algs/a.yaml:1").string());
  EXPECT_EQ(r.config.t_max, 3);
  EXPECT_EQ(info(r, "t_max").origin, "command line");
  EXPECT_EQ(info(r, "env_args").value, "{a: 1, b: 2, c: 3}");
}

TEST_F(OwnConfigs, TheChosenFolderComesFirstAndTheSourceTreeNext) {
  write("algs/qmix.yaml", "lr: 0.25\n");
  EXPECT_EQ(resolve("qmix", "two_step", {}).config.lr, 0.25);
  EXPECT_EQ(info(resolve("vdn", "two_step", {}), "mixer").origin.substr(0, 21),
            "configs/algs/vdn.yaml");
  EXPECT_THAT(known_configs("algs"), testing::Contains("qmix"));
}

TEST_F(OwnConfigs, APathMayStandForAName) {
  write("mine.yaml", "lr: 0.125\n");
  const std::string path = (folder_ / "mine.yaml").string();
  const Resolved r = resolve(path, "two_step", {});
  EXPECT_EQ(r.config.lr, 0.125);
  EXPECT_EQ(info(r, "lr").origin, path + ":1");
  EXPECT_THAT(error_text([&] { resolve(path + "x.yaml", "", {}); }),
              testing::HasSubstr(path + "x.yaml"));
}

TEST_F(OwnConfigs, AFileOfPymarlWorksWithOneWarning) {
  write("algs/theirs.yaml",
        "action_selector: \"epsilon_greedy\"\nepsilon_start: 1.0\nrunner: \"parallel\"\n"
        "batch_size_run: 4\nbuffer_size: 2500\noptimizer: 'adam'\nmac: \"n_mac\"\n"
        "agent: \"n_rnn\"\nagent_output_type: q\nlearner: \"nq_learner\"\nmixer: \"qmix\"\n"
        "td_lambda: 0.6 # 0.3 for 6h_vs_8z\nq_lambda: False\n");
  const Resolved r = resolve("theirs", "two_step", {});
  EXPECT_EQ(r.config.agent, "rnn");
  EXPECT_EQ(r.config.loss_factor, 0.5);
  EXPECT_EQ(r.config.td_lambda, 0.6);
  EXPECT_THAT(r.warnings,
              testing::ElementsAre("ignored, without meaning in qtot: action_selector runner mac "
                                   "agent_output_type learner"));
}

TEST_F(OwnConfigs, TheDumpedConfigurationResolvesToItself) {
  const Resolved once = resolve("pymarl2/qmix", "stag_hunt_small", {"seed=7", "name='7'"});
  std::ofstream(folder_ / "config.yaml") << dump(once.map);
  const Resolved again = resolve((folder_ / "config.yaml").string(), "", {});
  EXPECT_EQ(dump(once.map), dump(again.map));
  EXPECT_EQ(again.config.name, "7");
}

TEST(ResolveTest, UnknownNamesListTheKnownOnes) {
  std::string known;
  for (const std::string& name : known_configs("algs")) known += " " + name;
  EXPECT_EQ(error_text([] { resolve("qmx", "two_step", {}); }),
            "--config=qmx: no such configuration; did you mean qmix? known:" + known);
  EXPECT_THAT(error_text([] { resolve("qmix", "zzzzzzzzz", {}); }),
              testing::StartsWith("--env-config=zzzzzzzzz: no such configuration; known: "));
  EXPECT_THAT(error_text([] { resolve("../algs/qmix", "two_step", {}); }),
              testing::HasSubstr("no such configuration"));
}

TEST(ResolveTest, ErrorsOfTheCommandLineNameIt) {
  EXPECT_EQ(error_text([] { resolve("qmix", "two_step", {"bach_size=8"}); }),
            "bach_size (command line): no such key; did you mean batch_size?");
  EXPECT_EQ(error_text([] { resolve("qmix", "two_step", {"lr=fast"}); }),
            "lr = \"fast\" (command line): expected a number, found text");
}

TEST(ShippedConfigs, AllResolveWithoutWarning) {
  const std::vector<std::string> algs = known_configs("algs"), envs = known_configs("envs");
  const std::vector<std::string> shipped = {"cw_qmix",
                                            "epymarl/iql",
                                            "epymarl/iql_lbf",
                                            "epymarl/iql_mpe",
                                            "epymarl/qmix",
                                            "epymarl/qmix_lbf",
                                            "epymarl/qmix_mpe",
                                            "epymarl/vdn",
                                            "epymarl/vdn_lbf",
                                            "epymarl/vdn_mpe",
                                            "iql",
                                            "jaxmarl/qmix_smax",
                                            "ow_qmix",
                                            "pymarl2/cw_qmix",
                                            "pymarl2/iql",
                                            "pymarl2/ow_qmix",
                                            "pymarl2/qatten",
                                            "pymarl2/qmix",
                                            "pymarl2/qmix_high_sample_efficiency",
                                            "pymarl2/qmix_large",
                                            "pymarl2/qmix_per",
                                            "pymarl2/qplex",
                                            "pymarl2/qtran",
                                            "pymarl2/vdn",
                                            "qmix",
                                            "qmix_lin",
                                            "qmix_n_step",
                                            "qmix_ns",
                                            "qmix_predator_prey",
                                            "qplex",
                                            "qplex_qatten",
                                            "qtran",
                                            "qtran_alt",
                                            "smix",
                                            "two_step_qmix",
                                            "two_step_vdn",
                                            "vdn",
                                            "vdn_s"};
  EXPECT_EQ(algs, shipped);
  EXPECT_THAT(envs, testing::IsSupersetOf({"combat", "matrix_game", "sc2", "smacv2_protoss",
                                           "smacv2_terran", "smacv2_zerg", "stag_hunt",
                                           "stag_hunt_small", "two_step"}));
  for (const std::string& alg : algs) {
    for (const std::string& env : envs) {
      EXPECT_EQ(error_text([&] {
                  const Resolved r = resolve(alg, env, {});
                  EXPECT_TRUE(r.warnings.empty()) << r.warnings[0];
                  EXPECT_EQ(info(r, "env").origin.substr(0, 12), "configs/envs");
                }),
                "(no error)")
          << alg << " on " << env;
    }
  }
}

// Facts of the peers' files; a change here changes what users compare with.
TEST(ShippedConfigs, HaveThePeersValues) {
  const TrainingConfig qmix = resolve("qmix", "stag_hunt", {}).config;
  EXPECT_EQ(qmix.optimizer, "rmsprop");
  EXPECT_EQ(qmix.lr, 0.0005);
  EXPECT_EQ(qmix.buffer_size, 5000);
  EXPECT_EQ(qmix.batch_size, 32);
  EXPECT_EQ(qmix.batch_size_run, 1);
  EXPECT_EQ(qmix.epsilon_anneal_time, 50000);
  EXPECT_EQ(qmix.td_lambda, 0);
  EXPECT_EQ(qmix.loss_factor, 1);
  EXPECT_EQ(qmix.hypernet_layers, 2);
  EXPECT_EQ(qmix.t_max, 2050000);
  EXPECT_FALSE(qmix.obs_agent_id);  // stag_hunt.yaml's

  const TrainingConfig pymarl2 = resolve("pymarl2/qmix", "two_step", {}).config;
  EXPECT_EQ(pymarl2.optimizer, "adam");
  EXPECT_EQ(pymarl2.lr, 0.001);
  EXPECT_EQ(pymarl2.batch_size, 128);
  EXPECT_EQ(pymarl2.batch_size_run, 8);
  EXPECT_EQ(pymarl2.epsilon_anneal_time, 100000);
  EXPECT_EQ(pymarl2.td_lambda, 0.6);
  EXPECT_EQ(pymarl2.loss_factor, 0.5);
  EXPECT_EQ(pymarl2.t_max, 10050000);

  const TrainingConfig iql2 = resolve("pymarl2/iql", "sc2", {}).config;  // PyMARL's learner
  EXPECT_EQ(iql2.mixer, "iql");
  EXPECT_EQ(iql2.optimizer, "adam");
  EXPECT_EQ(iql2.lr, 0.0005);
  EXPECT_EQ(iql2.batch_size, 32);
  EXPECT_EQ(iql2.td_lambda, 0);
  EXPECT_EQ(iql2.loss_factor, 0.5);
  EXPECT_TRUE(iql2.mask_target_qs);

  const TrainingConfig prey = resolve("qmix_predator_prey", "stag_hunt_small", {}).config;
  EXPECT_EQ(prey.buffer_size, 1000);
  EXPECT_EQ(prey.td_lambda, 0.5);
  EXPECT_EQ(prey.loss_factor, 0.5);

  EXPECT_EQ(resolve("vdn", "two_step", {}).config.mixer, "vdn");
  EXPECT_EQ(resolve("pymarl2/vdn", "two_step", {}).config.mixer, "vdn");
  EXPECT_EQ(resolve("iql", "two_step", {}).config.mixer, "iql");
  for (const std::string mixer : {"qmix_lin", "qmix_ns", "vdn_s"}) {  // all else as in qmix
    const TrainingConfig ablation = resolve(mixer, "stag_hunt", {}).config;
    EXPECT_EQ(ablation.mixer, mixer);
    EXPECT_EQ(ablation.lr, qmix.lr);
    EXPECT_EQ(ablation.buffer_size, qmix.buffer_size);
    EXPECT_EQ(ablation.mixing_embed_dim, qmix.mixing_embed_dim);
  }
}

}  // namespace
}  // namespace qtot::yaml
