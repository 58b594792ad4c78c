#include "qtot/oracle/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "oracle/cases.h"
#include "qtot/oracle/report.h"
#include "support/error_text.h"

namespace qtot::test {
namespace {

using oracle::Dtype;
using oracle::Report;
using testing::HasSubstr;

Report check(arrays::Npz file, Dtype dtype = Dtype::kF64, bool certified = false) {
  return oracle::check(oracle::make_case(std::move(file)),
                       {.dtype = dtype, .rule = {}, .certified = certified});
}

arrays::Npz load(const std::string& name) {
  return arrays::Npz::load(committed_vector(name));
}

// The place of the first element that counts in every tensor of these cases: episode 0, row 1.
TEST(Check, NamesTheTensorThatWasAlteredAndItsPlace) {
  struct Altered {
    const char* tensor;
    std::size_t element;
    const char* place;
  };
  const arrays::Npz file = load("pymarl2_qmix_nq_layernorm");
  const std::vector<std::size_t>& shape = file.at("f64/agent_q").shape();
  const std::size_t n_agents = shape[2];
  const std::size_t n_actions = shape[3];
  const Altered all[] = {
      {"chosen_q", n_agents + 1, "episode 0, step 1, agent 1"},
      {"q_tot", 1, "episode 0, step 1"},
      {"targets", 1, "episode 0, step 1"},
      {"td_error", 1, "episode 0, step 1"},
      {"agent_q", n_agents * n_actions + n_actions + 2, "episode 0, step 1, agent 1, action 2"},
      {"target_max_qvals", 1, "episode 0, step 1"},
      {"grad/agent.fc1.weight", 1, "row 0, column 1"},
      {"param1/agent.fc2.bias", 2, "element 2"},
      {"param5/agent.rnn.bias_hh", 0, "element 0"},
      {"loss", 0, ""},
      {"grad_norms", 3, "element 3"}};
  for (const Altered& one : all) {
    arrays::Npz altered = file;
    alter(altered, std::string("f64/") + one.tensor, one.element,
          [](double x) { return x + 1e-6; });
    const Report report = check(std::move(altered));
    ASSERT_NE(report.first_difference(), nullptr) << one.tensor;
    EXPECT_EQ(report.first_difference()->name, one.tensor);
    EXPECT_EQ(place_text(*report.first_difference()), one.place) << one.tensor;
    EXPECT_FALSE(report.reason.empty());
  }
}

TEST(Check, ComparesInDataflowOrder) {
  const Report report = check(load("pymarl_qmix_2layer_shorttrunc"));
  std::vector<std::string> names;
  for (const oracle::TensorReport& tensor : report.tensors) {
    if (tensor.kind != oracle::Kind::kGradient && tensor.kind != oracle::Kind::kParam) {
      names.push_back(tensor.name);
    }
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"agent_q", "target_agent_q", "chosen_q", "cur_max_actions",
                                      "target_max_agent_q", "q_tot", "target_max_qvals", "targets",
                                      "mask", "td_error", "masked_td_error", "loss", "grad_norm",
                                      "losses", "grad_norms"}));
}

TEST(Check, SaysWhatKindOfStepItIsAndHowNearATieTheChoiceWas) {
  arrays::Npz file = load("pymarl2_vdn_nq");
  const std::int64_t length = file.at("in/lengths").as_ints().at(1);  // episode 1 terminates at T
  const std::size_t n_steps = file.at("f64/targets").shape()[1];
  alter(file, "f64/targets", n_steps + static_cast<std::size_t>(length) - 1,
        [](double x) { return x + 1; });
  const Report report = check(std::move(file));
  EXPECT_THAT(report.reason, HasSubstr("Everything that was stored before it agrees, up to"));
  EXPECT_THAT(report.reason, HasSubstr("the terminal step, which does not bootstrap"));
  EXPECT_THAT(report.reason, HasSubstr("no tie"));
}

TEST(Check, SaysThatTheirsIsAConstantTimesOurs) {
  arrays::Npz file = load("pymarl_vdn");
  for (const char* name : {"f64/loss", "f64/losses"}) {
    for (std::size_t i = 0; i < file.at(name).size(); ++i) {
      alter(file, name, i, [](double x) { return x / 2; });
    }
  }
  EXPECT_THAT(check(std::move(file)).reason, HasSubstr("Theirs is 0.5 times ours"));
}

TEST(Check, NanDiffersFromEveryNumber) {
  arrays::Npz file = load("pymarl_vdn");
  alter(file, "f64/q_tot", 1, [](double) { return std::numeric_limits<double>::quiet_NaN(); });
  const Report report = check(std::move(file));
  ASSERT_NE(report.first_difference(), nullptr);
  EXPECT_EQ(report.first_difference()->name, "q_tot");
}

TEST(Check, NumbersOutsideTheMaskAreTheirOwnBusiness) {
  arrays::Npz file = load("pymarl_vdn");
  const std::vector<double> mask = file.at("f64/mask").as_doubles();
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != 0) continue;
    for (const char* name : {"f64/targets", "f64/td_error", "f64/q_tot"}) {
      alter(file, name, i, [](double) { return 1e6; });
    }
  }
  EXPECT_TRUE(check(std::move(file)).agrees());
}

TEST(Check, TakesWhateverOutputsThereAre) {
  arrays::Npz file = load("pymarl_vdn");
  for (const std::string& name : file.names()) {
    if (name.starts_with("f64/") || (name.starts_with("f32/") && name != "f32/loss")) {
      file.erase(name);
    }
  }
  const Report report = check(file);
  EXPECT_EQ(report.dtype, Dtype::kF32) << "only that is stored";
  ASSERT_EQ(report.tensors.size(), 1u);
  EXPECT_EQ(report.tensors[0].name, "loss");
  file.erase("f32/loss");
  EXPECT_THAT(error_text([&] { check(file); }), HasSubstr("stores no outputs"));
}

TEST(Check, AnOutputOfAnotherShapeIsAnErrorThatNamesBoth) {
  arrays::Npz file = load("pymarl_vdn");
  const std::vector<double> four = {1, 2, 3, 4};
  file.set(arrays::Array::of_doubles("f64/q_tot", {2, 2}, four));
  EXPECT_THAT(error_text([&] { check(file); }),
              testing::AllOf(HasSubstr("pymarl_vdn.npz: f64/q_tot"), HasSubstr("expected shape"),
                             HasSubstr("found [2, 2]")));
}

TEST(Check, TheRuleCanBeSetAndIsPrinted) {
  arrays::Npz file = load("pymarl_vdn");
  alter(file, "f64/q_tot", 1, [](double x) { return x + 1e-9; });
  const oracle::Case input = oracle::make_case(std::move(file));
  EXPECT_FALSE(oracle::check(input).agrees());
  const Report loose = oracle::check(input, {.dtype = Dtype::kF64, .rule = {.f64 = 1e-6}});
  EXPECT_TRUE(loose.agrees());
  EXPECT_THAT(loose.tolerance, HasSubstr("1e-06"));
}

TEST(Check, WideComparesWithTheDoubles) {
  for (const char* name : {"pymarl_qmix_1layer_1", "pymarl2_qmix_nq_layernorm", "pymarl_iql"}) {
    const Report report = check(load(name), Dtype::kWide);
    EXPECT_TRUE(report.agrees()) << to_text(report);
  }
}

// The certificate is made from the case itself, so it must hold for PyTorch's own float32 and float64
// runs, and must not hold for a program that differs.
TEST(Certificate, HoldsForPytorchsOwnRuns) {
  const std::pair<const char*, Dtype> runs[] = {{"pymarl_vdn", Dtype::kF32},
                                                {"pymarl_iql", Dtype::kF32},
                                                {"pymarl2_qmix_nq_layernorm", Dtype::kF32},
                                                {"pymarl_vdn", Dtype::kF64}};
  for (const auto& [name, dtype] : runs) {
    const Report report = check(load(name), dtype, true);
    EXPECT_TRUE(report.agrees()) << to_text(report);
    EXPECT_THAT(report.tolerance, HasSubstr("certified"));
  }
}

TEST(Certificate, DoesNotHoldForASlightlyOtherGamma) {
  const oracle::Case input = oracle::load_case(committed_vector("pymarl_vdn"),
                                               {.with = with("gamma", 0.98999), .params = {}});
  const Report report = oracle::check(input, {.dtype = Dtype::kF32, .rule = {}, .certified = true});
  ASSERT_NE(report.first_difference(), nullptr);
  EXPECT_EQ(report.first_difference()->name, "targets");
}

TEST(Certificate, IsNarrowerThanThePassRuleForTheValuesOfASmallCase) {
  const oracle::Case input = oracle::load_case(committed_vector("pymarl_vdn"));
  const Report certified =
      oracle::check(input, {.dtype = Dtype::kF32, .rule = {}, .certified = true});
  const Report rule = oracle::check(input, {.dtype = Dtype::kF32, .rule = {}});
  ASSERT_EQ(certified.tensors.size(), rule.tensors.size());
  EXPECT_EQ(certified.tensors[0].name, "agent_q");
  EXPECT_LT(certified.tensors[0].bound, rule.tensors[0].bound);
}

TEST(Report, JsonSaysWhatTheTextSays) {
  arrays::Npz file = load("pymarl_vdn");
  alter(file, "f64/q_tot", 1, [](double x) { return x + 1; });
  const Report report = check(std::move(file));
  const nlohmann::ordered_json json = to_json(report);
  EXPECT_FALSE(json.at("agrees").get<bool>());
  EXPECT_EQ(json.at("first").at("name"), "q_tot");
  EXPECT_EQ(json.at("first").at("where"), "episode 0, step 1");
  EXPECT_EQ(json.at("tensors").size(), report.tensors.size());
  EXPECT_THAT(to_text(report), HasSubstr("differs first in q_tot at episode 0, step 1"));
}

}  // namespace
}  // namespace qtot::test
