// One part alone - the GRU cell, functions, lambda-returns, optimisers, clipping, mixers, schedules and
// segment trees - against what PyTorch and PyMARL gave, through the check that users run.
#include <gtest/gtest.h>

#include "qtot/oracle/unit_check.h"
#include "support/vectors.h"

namespace qtot::test {
namespace {

using oracle::Dtype;

void expect_file_agrees(const std::filesystem::path& path, Dtype dtype) {
  const Npz file = Npz::load(path);
  EXPECT_TRUE(oracle::is_unit_file(file)) << path;
  const oracle::Report report = oracle::check_unit(file, dtype);
  EXPECT_FALSE(report.tensors.empty()) << path;
  for (const oracle::TensorReport& tensor : report.tensors) {
    EXPECT_TRUE(tensor.agrees()) << path << " " << tensor.name << " [" << place_text(tensor)
                                 << "]: ours " << tensor.ours << ", theirs " << tensor.theirs
                                 << ", allowed " << tensor.bound << " " << tensor.note;
  }
}

class UnitVectors : public testing::TestWithParam<Dtype> {};
INSTANTIATE_TEST_SUITE_P(Dtypes, UnitVectors,
                         testing::Values(Dtype::kF32, Dtype::kF64, Dtype::kWide),
                         [](const auto& dtype) { return oracle::name_of(dtype.param); });

TEST_P(UnitVectors, CommittedFilesAgree) {
  for (const char* name :
       {"unit_clip_grad_norm", "unit_elementwise", "unit_grucell_0", "unit_lambda_targets",
        "unit_mixer_nmix_quadratic", "unit_mixer_nmix_softplus", "unit_mixer_qatten",
        "unit_mixer_qmix_1layer", "unit_mixer_qmix_2layer", "unit_mixer_vdn", "unit_optimisers",
        "unit_schedule_tree"}) {
    expect_file_agrees(committed_vector(name), GetParam());
  }
}

TEST_P(UnitVectors, FullSetAgrees) {
  for_full_vectors("unit_", [&](const auto& path) { expect_file_agrees(path, GetParam()); });
}

}  // namespace
}  // namespace qtot::test
