// Unit files made here: closed forms, other shapes, and float runs that did or did not keep their inputs.
#include <gtest/gtest.h>

#include "qtot/nn/optimiser.h"
#include "qtot/oracle/unit_check.h"
#include "support/npz.h"

namespace qtot::test {
namespace {

using oracle::Dtype;
using oracle::Report;
using oracle::TensorReport;
using Shape = std::vector<std::size_t>;

// Two rows of one input and one hidden unit, all weights 0: r = z = 1/2 and n = 0, so that h halves.
TEST(MadeUnitFile, AGruCellOfOneUnitGivesItsClosedForm) {
  Npz file("cell.npz");
  const auto set = [&](const std::string& name, const Shape& shape, std::vector<double> values) {
    if (name.starts_with("f64/")) {
      file.set(Array::of_doubles(name, shape, values));
    } else {
      file.set(Array::of_floats(name, shape, std::vector<float>(values.begin(), values.end())));
    }
  };
  set("in/x", {2, 1}, {2, 0});
  set("in/h", {2, 1}, {4, 0});
  set("in/grad_out", {2, 1}, {1, 0});
  set("param/weight_ih", {3, 1}, {0, 0, 0});
  set("param/weight_hh", {3, 1}, {0, 0, 0});
  set("param/bias_ih", {3}, {0, 0, 0});
  set("param/bias_hh", {3}, {0, 0, 0});
  // a_z = d (h - n) z (1 - z) = 1, a_n = d (1 - z) = 1/2, a_r = 0 for gh_n = 0
  set("f64/out", {2, 1}, {2, 0});
  set("f64/grad_x", {2, 1}, {0, 0});
  set("f64/grad_h", {2, 1}, {0.5, 0});
  set("f64/grad/weight_ih", {3, 1}, {0, 2, 1});
  set("f64/grad/weight_hh", {3, 1}, {0, 4, 1});
  set("f64/grad/bias_ih", {3}, {0, 1, 0.5});
  set("f64/grad/bias_hh", {3}, {0, 1, 0.25});
  // step t = 1 .. 5 has h = 4 / 2^(t-1) and d = 2^(t-5), so a_z = 1/16 and a_n = 2^(t-6)
  set("f64/seq5/out", {2, 1}, {0.125, 0});
  set("f64/seq5/grad_x", {2, 1}, {0, 0});
  set("f64/seq5/grad_h", {2, 1}, {1 / 32., 0});
  set("f64/seq5/grad/weight_ih", {3, 1}, {0, 10 / 16., 31 / 16.});
  set("f64/seq5/grad/weight_hh", {3, 1}, {0, 7.75 / 16, 5 / 16.});
  set("f64/seq5/grad/bias_ih", {3}, {0, 5 / 16., 31 / 32.});
  set("f64/seq5/grad/bias_hh", {3}, {0, 5 / 16., 31 / 64.});
  const Report report = oracle::check_unit(file, Dtype::kF64);
  EXPECT_EQ(report.tensors.size(), 14U);
  for (const TensorReport& tensor : report.tensors)
    EXPECT_EQ(tensor.max_absolute, 0) << tensor.name;
}

// A float run of Adam with weight decay. The first step of parameter 1 goes the other way from where it
// leads to than from where it begins.
struct FloatRun {
  std::vector<float> start = {1, -0.095F, 0.5F, 2, -1.5F, 1e-4F};
  Npz file{"adam.npz"};

  FloatRun() {
    const nn::OptimiserConfig config = {
        .optimiser = "adam", .lr = 1e-2, .eps = 1e-8, .weight_decay = 0.01};
    file.set(Array::of_text(
        "meta", R"({"cases": [{"optimiser": "adam", "lr": 1e-2, "weight_decay": 0.01}]})"));
    std::vector<float> p = start;
    auto state = nn::make_optimiser_state<float>(config, p.size());
    for (int step = 0; step < 10; ++step) {
      std::vector<float> g(p.size());
      for (std::size_t i = 0; i < g.size(); ++i) {
        g[i] = static_cast<float>((static_cast<int>(i) - step) % 3) * 1e-3F;
      }
      file.set(Array::of_floats("0/in/g" + std::to_string(step) + "_0", {2, 3}, g));
      nn::optimiser_step<float>(config, step + 1, 1, g, p, state.first, state.second);
      if (step == 0 || step == 4 || step == 9) set_output("p0_after" + std::to_string(step + 1), p);
    }
    set_output("state0_exp_avg", state.first);
    set_output("state0_exp_avg_sq", state.second);
    file.set(Array::of_floats("0/in/p0", {2, 3}, p));  // as PyTorch leaves it
  }

  void set_output(const std::string& name, const std::vector<float>& values) {
    file.set(Array::of_floats("0/f32/" + name, {2, 3}, values));
  }
};

TEST(MadeUnitFile, TheBeginningOfAFloatRunIsFoundFromItsEnd) {
  FloatRun run;
  EXPECT_TRUE(oracle::check_unit(run.file, Dtype::kF32).agrees());
}

TEST(MadeUnitFile, AFloatRunWhoseBeginningWasStoredBeginsThere) {
  FloatRun run;
  run.file.set(Array::of_floats("0/in/p0", {2, 3}, run.start));
  EXPECT_TRUE(oracle::check_unit(run.file, Dtype::kF32).agrees());
}

// 3, 4 has norm 5: cut to 1 by a run that kept its input, and by one that wrote over it.
TEST(MadeUnitFile, AFloatGradientIsClippedFromWhatItWas) {
  for (const bool is_kept : {true, false}) {
    Npz file("clip.npz");
    const float scale = static_cast<float>(1 / (5 + 1e-6));
    const std::vector<float> clipped = {3 * scale, 4 * scale};
    file.set(Array::of_text("meta", R"({"cases": [{"max_norm": 1}]})"));
    file.set(Array::of_floats("0/in/g0", {2}, is_kept ? std::vector<float>{3, 4} : clipped));
    file.set(Array::of_floats("0/f32/clipped0", {2}, clipped));
    file.set(Array::of_floats("0/f32/norm", {}, std::vector<float>{5}));
    EXPECT_TRUE(oracle::check_unit(file, Dtype::kF32).agrees()) << is_kept;
  }
}

}  // namespace
}  // namespace qtot::test
