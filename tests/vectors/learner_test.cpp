// One learner step and five, through the check that users run: against what the PyTorch learners of the
// PyMARL family computed, and against the conformance suite.
#include <gtest/gtest.h>

#include <string>

#include "qtot/oracle/check.h"
#include "qtot/oracle/report.h"
#include "support/vectors.h"

namespace qtot::test {
namespace {

using oracle::Dtype;

// What a case has at least, IQL's: 8 tensors from agent_q to td_error, loss and norm of one update and of
// five, and 8 parameters as gradients, after one update and after five.
constexpr std::size_t kLeastTensors = 36;

void expect_agrees(const std::filesystem::path& path, Dtype dtype) {
  const oracle::Report report =
      oracle::check(oracle::load_case(path), {.dtype = dtype, .rule = {}});
  EXPECT_TRUE(report.agrees()) << oracle::to_text(report);
  EXPECT_EQ(report.dtype, dtype) << "compared with the other type";
  EXPECT_GE(report.tensors.size(), kLeastTensors) << path;
}

class LearnerVectors : public testing::TestWithParam<Dtype> {};
INSTANTIATE_TEST_SUITE_P(Dtypes, LearnerVectors, testing::Values(Dtype::kF32, Dtype::kF64),
                         [](const auto& dtype) { return oracle::name_of(dtype.param); });

TEST_P(LearnerVectors, CommittedCasesAgree) {
  for (const char* name :
       {"pymarl_iql", "pymarl_vdn", "pymarl_qmix_1layer_1", "pymarl_qmix_2layer_shorttrunc",
        "pymarl2_vdn_nq", "pymarl2_qmix_qlearner", "pymarl2_qmix_nq_shorttrunc",
        "pymarl2_qmix_nq_layernorm", "pymarl2_qmix_nq_targetupdate", "pymarl2_qatten_nq_1",
        "pymarl2_qplex_1", "qplex_qplex_orig_qatten", "pymarl2_ow_qmix", "wqmix_cw_qmix_1"}) {
    expect_agrees(committed_vector(name), GetParam());
  }
}

TEST_P(LearnerVectors, EveryCaseOfTheFullSetAgrees) {
  const auto is_of_units = [](const std::filesystem::path& path) {
    return path.filename().string().starts_with("unit_");
  };
  for_full_vectors(
      "", [&](const auto& path) { expect_agrees(path, GetParam()); }, is_of_units);
}

TEST_P(LearnerVectors, EveryConformanceCaseAgrees) {
  const std::filesystem::path folder =
      std::filesystem::path(QTOT_SOURCE_DIR) / "tests" / "conformance" / "cases";
  std::size_t n = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const oracle::Report report =
        oracle::check(oracle::load_case(entry.path()), {.dtype = GetParam(), .rule = {}});
    EXPECT_TRUE(report.agrees()) << oracle::to_text(report);
    ++n;
  }
  EXPECT_GE(n, 60u);
}

}  // namespace
}  // namespace qtot::test
