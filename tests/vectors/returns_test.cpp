// Lambda-returns against PyMARL2's build_td_lambda_targets.
#include "qtot/learner/returns.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/agreement.h"
#include "support/vectors.h"

namespace qtot::test {
namespace {

using math::Index;

// PyMARL2's recursion starts at the end of the padded batch (quirk T1): an episode that did not
// terminate is given all n_steps rows. One that terminated ends at its own end in both.
template <class T>
void check_case(const Npz& file, const std::string& number, const nlohmann::json& meta) {
  SCOPED_TRACE("case " + number + ": " + meta.dump());
  const std::string in = number + "/in/";
  const std::vector<std::size_t> shape = file.at(in + "rewards").shape();
  const std::size_t n_steps = shape.at(1);
  const std::vector<T> rewards = input_as<T>(file.at(in + "rewards"));
  const std::vector<T> values = input_as<T>(file.at(in + "target_qs"));
  const std::vector<double> mask = file.at(in + "mask").as_doubles();
  const std::vector<double> terminated = file.at(in + "terminated").as_doubles();
  const std::vector<double> theirs =
      file.at(number + "/" + outputs_of<T>() + "td_lambda").as_doubles();
  const auto weights = learner::ReturnWeights<T>::from(meta.at("gamma").get<double>(),
                                                       meta.at("td_lambda").get<double>());
  std::vector<double> ours_valid;
  std::vector<double> theirs_valid;
  for (std::size_t b = 0; b < shape.at(0); ++b) {
    const std::size_t first = b * n_steps;
    std::size_t n_valid = 0;
    bool ends = false;
    while (n_valid < n_steps && mask[first + n_valid] == 1) {
      ends = ends || terminated[first + n_valid] == 1;
      ++n_valid;
    }
    const std::size_t n = ends ? n_valid : n_steps;
    std::vector<T> returns(n);
    learner::lambda_returns<T>(
        std::span(rewards).subspan(first, n_valid),
        math::view(values.data() + b * (n_steps + 1) + 1, static_cast<Index>(n), Index{1}), !ends,
        weights, math::view(returns.data(), static_cast<Index>(n), Index{1}));
    for (std::size_t t = 0; t < n_valid; ++t) {
      ours_valid.push_back(returns[t]);
      theirs_valid.push_back(theirs[first + t]);
    }
  }
  Agreement agreement = agreement_of<T>();
  agreement.compare("td_lambda", Kind::kValue, ours_valid, theirs_valid);
  expect_agreement(agreement);
}

template <class T>
class ReturnVectors : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ReturnVectors, Scalars);

TYPED_TEST(ReturnVectors, LambdaTargets) {
  const Npz file = Npz::load(committed_vector("unit_lambda_targets"));
  const nlohmann::json cases = file.json("meta").at("cases");
  ASSERT_EQ(cases.size(), 6u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    check_case<TypeParam>(file, std::to_string(i), cases[i]);
  }
}

}  // namespace
}  // namespace qtot::test
