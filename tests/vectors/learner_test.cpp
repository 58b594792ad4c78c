// One learner step and five, against what the PyTorch learners of the PyMARL family computed.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "qtot/base/error.h"
#include "support/case_check.h"
#include "support/vectors.h"

namespace qtot::test {
namespace {

// What a case has at least, IQL's: 8 tensors from utilities to td_error, loss and norm of one update and
// of five, and 8 parameters as gradients, after one update and after five.
constexpr std::size_t kLeastTensors = 36;

template <class T>
void check(const std::filesystem::path& path) {
  SCOPED_TRACE(path.string());
  const Agreement agreement = check_case<T>(load_case(path));
  expect_agreement(agreement);
  EXPECT_GE(agreement.n_tensors(), kLeastTensors);
  std::cout << path.stem().string() << " " << outputs_of<T>() << " worst " << agreement.worst()
            << "\n";
}

class LearnerVectors : public testing::TestWithParam<const char*> {};

TEST_P(LearnerVectors, AgreesInDouble) {
  check<double>(committed_vector(GetParam()));
}
TEST_P(LearnerVectors, AgreesInFloat) {
  check<float>(committed_vector(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Committed, LearnerVectors,
                         testing::Values("pymarl_iql", "pymarl_vdn", "pymarl_qmix_1layer_1",
                                         "pymarl_qmix_2layer_shorttrunc", "pymarl2_vdn_nq",
                                         "pymarl2_qmix_qlearner", "pymarl2_qmix_nq_shorttrunc",
                                         "pymarl2_qmix_nq_layernorm",
                                         "pymarl2_qmix_nq_targetupdate"),
                         [](const auto& param) { return std::string(param.param); });

// Prioritised replay and PyMARL2's q_lambda are algorithms of their own.
bool is_other_algorithm(const std::filesystem::path& path) {
  const std::string name = path.stem().string();
  return name.ends_with("_per") || name.ends_with("_qlambda");
}

template <class T>
class LearnerVectorsFullSet : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(LearnerVectorsFullSet, Scalars);

TYPED_TEST(LearnerVectorsFullSet, EveryCaseOfPymarlAndOfPymarl2sVdnAndQmixAgrees) {
  for (const char* prefix : {"pymarl_", "pymarl2_vdn", "pymarl2_qmix"}) {
    for_full_vectors(prefix, check<TypeParam>, is_other_algorithm);
  }
}

// A comparison that nothing can fail proves nothing: each switch that the cases need is turned, and
// must be seen.
struct Wrong {
  const char* what;
  const char* file;
  void (*apply)(Case&);
};

const Wrong kWrongs[] = {
    {"gamma", "pymarl_vdn", [](Case& c) { c.learner.gamma = 0.98; }},
    {"loss_factor", "pymarl_vdn", [](Case& c) { c.learner.loss_factor = 0.5; }},
    {"double_q", "pymarl_iql", [](Case& c) { c.learner.double_q = false; }},
    {"td_lambda", "pymarl2_vdn_nq", [](Case& c) { c.learner.td_lambda = 0.59; }},
    {"clip", "pymarl_qmix_1layer_1", [](Case& c) { c.learner.grad_norm_clip = 1000; }},
    {"lr", "pymarl_vdn", [](Case& c) { c.learner.optimiser.lr *= 1.1; }},
    {"alpha", "pymarl_vdn", [](Case& c) { c.learner.optimiser.alpha = 0.98; }},
    {"eps", "pymarl_vdn", [](Case& c) { c.learner.optimiser.eps = 1e-3; }},
    {"optimiser", "pymarl2_vdn_nq", [](Case& c) { c.learner.optimiser.optimiser = "rmsprop"; }},
    {"target update", "pymarl2_qmix_nq_targetupdate",
     [](Case& c) { c.learner.target_update_interval = 3; }},
    {"padding mask (M1)", "pymarl_qmix_2layer_shorttrunc",
     [](Case& c) { c.learner.pymarl_padding_mask = false; }},
    {"padding mask (M1)", "pymarl2_qmix_nq_shorttrunc",
     [](Case& c) { c.learner.pymarl_padding_mask = false; }},
    {"lambda start (T1)", "pymarl2_qmix_nq_shorttrunc",
     [](Case& c) { c.learner.lambda_from_batch_end = false; }},
    {"target mask", "pymarl_qmix_2layer_shorttrunc",
     [](Case& c) { c.learner.mask_target_qs = false; }},
    {"target mask", "pymarl2_qmix_nq_shorttrunc", [](Case& c) { c.learner.mask_target_qs = true; }},
    {"time limit (M2)", "pymarl_vdn", [](Case& c) { c.learner.time_limit_is_terminal = true; }},
    {"positivity", "pymarl2_qmix_qlearner", [](Case& c) { c.mixer.positivity = "none"; }},
};

TEST(LearnerVectorsSensitivity, EverySwitchThatIsWrongIsSeen) {
  for (const Wrong& wrong : kWrongs) {
    SCOPED_TRACE(std::string(wrong.what) + " in " + wrong.file);
    Case input = load_case(committed_vector(wrong.file));
    wrong.apply(input);
    EXPECT_FALSE(check_case<double>(input).differences().empty());
    EXPECT_FALSE(check_case<float>(input).differences().empty());
  }
}

TEST(LearnerVectorsCase, AnAlgorithmThatIsNotThereIsRefused) {
  const auto folder = full_vectors();
  if (!folder) {
    std::cout << "../shared/vectors is absent: the refused cases lie there\n";
    return;
  }
  for (const char* name : {"pymarl2_qmix_nq_per", "pymarl2_qmix_nq_qlambda", "wqmix_cw_qmix_0"}) {
    EXPECT_THROW(load_case(*folder / (std::string(name) + ".npz")), Error) << name;
  }
}

}  // namespace
}  // namespace qtot::test
