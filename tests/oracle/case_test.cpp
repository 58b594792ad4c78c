#include "qtot/oracle/case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "arrays/damage.h"
#include "oracle/cases.h"
#include "qtot/arrays/safetensors.h"
#include "qtot/base/files.h"
#include "qtot/oracle/check.h"
#include "support/error_text.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

using arrays::Array;
using arrays::Npz;
using oracle::Dtype;
using testing::AllOf;
using testing::HasSubstr;

Npz load(const std::string& name) {
  return Npz::load(committed_vector(name));
}

std::string refusal(Npz file, const oracle::CaseOptions& options = {}) {
  return error_text([&] { oracle::make_case(std::move(file), options); });
}

Npz with_meta(Npz file, const std::function<void(nlohmann::json&)>& change) {
  nlohmann::json meta = file.json("meta");
  change(meta);
  file.set(Array::of_text("meta", meta.dump()));
  return file;
}

TEST(Case, ThePeerSelectsItsPreset) {
  const oracle::Case pymarl = oracle::load_case(committed_vector("pymarl_vdn"));
  EXPECT_EQ(pymarl.preset, "pymarl");
  EXPECT_EQ(pymarl.learner.loss_factor, 1);
  EXPECT_TRUE(pymarl.learner.mask_target_qs);
  EXPECT_TRUE(pymarl.learner.pymarl_padding_mask);
  const oracle::Case pymarl2 = oracle::load_case(committed_vector("pymarl2_vdn_nq"));
  EXPECT_EQ(pymarl2.preset, "pymarl2");
  EXPECT_EQ(pymarl2.learner.loss_factor, 0.5);
  EXPECT_TRUE(pymarl2.learner.lambda_from_batch_end);
  const oracle::Case ours = oracle::load_case(conformance_case("dense_vdn"));
  EXPECT_EQ(ours.preset, "strict");
  EXPECT_FALSE(ours.learner.pymarl_padding_mask);
}

TEST(Case, BehaviourIsReadWhereItIsAndAskedForByTheReturnsThatWeighByIt) {
  const auto load_dense = [] { return Npz::load(conformance_case("dense_vdn")); };
  config::Map retrace = with("returns", "retrace");
  EXPECT_THAT(refusal(load_dense(), {.with = retrace, .params = {}}),
              HasSubstr("dense_vdn.npz: returns = retrace or importance_sampling asks for "
                        "in/behaviour_probs [B,T1,N,1], which is missing"));
  const auto with_mu = [&](float last) {
    Npz file = load_dense();
    const Array& actions = file.at("in/actions");
    std::vector<float> mu(actions.size(), 0.25F);
    mu.front() = last;
    file.set(Array::of_floats("in/behaviour_probs", actions.shape(), mu));
    return file;
  };
  const oracle::Case input = oracle::make_case(with_mu(1), {.with = retrace, .params = {}});
  EXPECT_EQ(input.episodes[0].mu(0)[0], 1);
  EXPECT_EQ(input.episodes[0].mu(1)[0], 0.25F);
  for (const float wrong : {0.0F, -0.5F, 1.5F, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_THAT(refusal(with_mu(wrong)),
                HasSubstr("in/behaviour_probs, episode 0: " + std::to_string(wrong) +
                          " is no probability of what was done: it must be in (0, 1]"));
  }
  Npz file = load_dense();
  file.set(Array::of_floats("in/behaviour_probs", {1, 1}, std::vector<float>{1}));
  EXPECT_THAT(refusal(std::move(file)), HasSubstr("in/behaviour_probs"));
}

TEST(Case, KeysOfTheCommandLineWinOverTheFile) {
  const oracle::Case input =
      oracle::load_case(committed_vector("pymarl_vdn"), {.with = with("gamma", 0.5), .params = {}});
  EXPECT_EQ(input.learner.gamma, 0.5);
  EXPECT_THAT(refusal(load("pymarl_vdn"), {.with = with("gama", 0.5), .params = {}}),
              AllOf(HasSubstr("gama"), HasSubstr("did you mean gamma?")));
}

TEST(Case, AStepsFileSaysHowItWasMade) {
  const config::Map keys = with("gamma", 0.5);
  const oracle::Case input =
      oracle::load_case(committed_vector("pymarl_vdn"), {.with = keys, .params = {}});
  for (const Dtype dtype : {Dtype::kF32, Dtype::kF64, Dtype::kWide}) {
    const oracle::Step step = run_step(input, dtype);
    const Npz file = step_file(input, step, dtype, keys);
    const Npz read = Npz::parse(file.to_bytes(), "step.npz");
    const oracle::Report report =
        oracle::check(oracle::make_case(read), {.dtype = dtype, .rule = {}});
    EXPECT_TRUE(report.agrees());
    EXPECT_EQ(report.tensors[0].max_absolute, 0) << name_of(dtype);
  }
}

TEST(Case, WideOutputsCarryWhatDoubleLeavesOver) {
  const oracle::Case input = oracle::load_case(committed_vector("pymarl_vdn"));
  const oracle::Step step = run_step(input, Dtype::kWide);
  const oracle::Tensor& q = *step.find("q_tot");
  ASSERT_EQ(q.rest.size(), q.values.size());
  double largest = 0;
  for (std::size_t i = 0; i < q.values.size(); ++i) {
    EXPECT_LE(std::abs(q.rest[i]), 0x1p-53 * std::abs(q.values[i]));
    largest = std::max(largest, std::abs(q.rest[i]));
  }
  EXPECT_GT(largest, 0);
}

TEST(Case, ParametersMayComeFromSafetensors) {
  const TempFolder folder;
  const Npz file = load("pymarl_vdn");
  std::vector<Array> tensors;
  Npz bare = file;
  for (const char* prefix : {"param/", "tparam/"}) {
    for (const std::string& name : file.names_under(prefix)) {
      const Array& old = file.at(prefix + name);
      // the online network under bare names, the target's under its prefix
      const std::string stored = std::string(prefix) == "param/" ? name : prefix + name;
      tensors.push_back(Array::of_floats(stored, old.shape(), old.as_floats()));
      bare.erase(prefix + name);
    }
  }
  const std::filesystem::path path = folder.path() / "weights.safetensors";
  arrays::write_safetensors(path, tensors);
  const oracle::Case input = oracle::make_case(std::move(bare), {.with = {}, .params = path});
  EXPECT_TRUE(oracle::check(input).agrees());
}

TEST(Case, WithoutTargetParametersTheyAreCopies) {
  Npz file = load("pymarl_vdn");
  for (const std::string& name : file.names_under("tparam/")) file.erase("tparam/" + name);
  const oracle::Case input = oracle::make_case(std::move(file));
  EXPECT_EQ(input.params, input.target_params);
}

TEST(Case, WhatIsWrongIsNamedWithFileAndMember) {
  const auto without = [](const char* name) {
    Npz file = load("pymarl_vdn");
    file.erase(name);
    return file;
  };
  EXPECT_THAT(refusal(without("in/obs")), AllOf(HasSubstr("pymarl_vdn.npz"), HasSubstr("in/obs")));
  EXPECT_THAT(refusal(without("meta")), HasSubstr("meta"));
  EXPECT_THAT(refusal(without("param/agent.fc2.bias")), HasSubstr("param/agent.fc2.bias"));

  Npz extra = load("pymarl_vdn");
  const std::vector<float> one = {1};
  extra.set(Array::of_floats("param/agent.fc3.bias", {1}, one));
  EXPECT_THAT(refusal(std::move(extra)),
              AllOf(HasSubstr("param/agent.fc3.bias"), HasSubstr("no such tensor")));

  Npz shape = load("pymarl_vdn");
  shape.set(Array::of_floats("param/agent.fc2.bias", {1}, one));
  EXPECT_THAT(refusal(std::move(shape)),
              AllOf(HasSubstr("param/agent.fc2.bias"), HasSubstr("[1]")));

  Npz late = load("pymarl_vdn");
  alter(late, "in/terminated", 0, [](double) { return 1.0; });
  EXPECT_THAT(refusal(std::move(late)), AllOf(HasSubstr("in/terminated"), HasSubstr("episode 0")));

  Npz hole = load("pymarl_vdn");
  alter(hole, "in/filled", 1, [](double) { return 0.0; });
  EXPECT_THAT(refusal(std::move(hole)), AllOf(HasSubstr("in/filled"), HasSubstr("episode 0")));

  Npz unknown = with_meta(load("pymarl_vdn"),
                          [](nlohmann::json& meta) { meta["args"]["learner"] = "coma_learner"; });
  EXPECT_THAT(refusal(std::move(unknown)), HasSubstr("coma_learner is not supported"));

  Npz momentum = with_meta(load("pymarl_vdn"),
                           [](nlohmann::json& meta) { meta["optim_defaults"]["momentum"] = 0.9; });
  EXPECT_THAT(refusal(std::move(momentum)), HasSubstr("meta.optim_defaults.momentum"));
}

// PyMARL2 logs half of Q*'s mean squared error.
TEST(Case, AHalvedLossIsHalvedInAllItsDigits) {
  oracle::Case input = oracle::load_case(committed_vector("pymarl2_ow_qmix"));
  ASSERT_TRUE(input.central_is_halved);
  const oracle::Step half = run_step(input, Dtype::kWide, {.n_updates = 1});
  input.central_is_halved = false;
  const oracle::Step whole = run_step(input, Dtype::kWide, {.n_updates = 1});
  const oracle::Tensor& of_half = *half.find("central_loss");
  const oracle::Tensor& of_whole = *whole.find("central_loss");
  ASSERT_NE(of_whole.rest.at(0), 0);
  EXPECT_EQ(2 * of_half.values.at(0), of_whole.values.at(0));
  EXPECT_EQ(2 * of_half.rest.at(0), of_whole.rest.at(0));
}

TEST(Case, BatchesInDoubleAreTakenWhereFloatHoldsThem) {
  Npz file = load("pymarl_vdn");
  const Array reward = file.at("in/reward");
  file.set(Array::of_doubles("in/reward", reward.shape(), reward.as_doubles()));
  EXPECT_TRUE(oracle::check(oracle::make_case(file)).agrees());
  alter(file, "in/reward", 0, [](double) { return 0.1; });
  EXPECT_THAT(refusal(std::move(file)), AllOf(HasSubstr("in/reward"), HasSubstr("float32")));
}

// Behind the container, which has checks of its own: what the members say is not believed either.
TEST(Case, TwoHundredDamagedMembersGiveOneSentenceOrAComparison) {
  const Npz file = load("pymarl_vdn");
  std::vector<std::string> names = file.names_under("in/");
  for (std::string& name : names) name.insert(0, "in/");
  names.emplace_back("meta");
  std::size_t n_refused = 0;
  for (std::uint64_t variant = 0; variant < 200; ++variant) {
    math::Draws draws = draws_of(77, variant);
    const std::string& name = names[below(draws, names.size())];
    const Array& old = file.at(name);
    std::string bytes(reinterpret_cast<const char*>(old.raw().data()), old.raw().size());
    bytes = damaged(bytes, 0, bytes.size(), draws);
    bytes.resize(old.raw().size());  // the container vouches for sizes
    std::vector<std::byte> raw(bytes.size());
    std::transform(bytes.begin(), bytes.end(), raw.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
    Npz broken = file;
    broken.set(Array(name, old.dtype(), old.shape(), std::move(raw), "broken.npz"));
    const std::string sentence =
        error_text([&] { oracle::check(oracle::make_case(std::move(broken))); });
    if (sentence == "(no error)") continue;
    ++n_refused;
    EXPECT_THAT(sentence, HasSubstr(".npz")) << sentence;
    EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
  }
  EXPECT_GT(n_refused, 10u);
}

}  // namespace
}  // namespace qtot::test
