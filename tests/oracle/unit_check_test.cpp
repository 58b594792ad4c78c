#include "qtot/oracle/unit_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "support/error_text.h"
#include "support/vectors.h"

namespace qtot::test {
namespace {

using oracle::Dtype;
using oracle::Report;
using oracle::TensorReport;
using Shape = std::vector<std::size_t>;

const char* const kFiles[] = {
    "unit_clip_grad_norm", "unit_elementwise",         "unit_grucell_0",
    "unit_lambda_targets", "unit_mixer_nmix_softplus", "unit_mixer_qmix_1layer",
    "unit_mixer_vdn",      "unit_optimisers",          "unit_schedule_tree"};

Npz load(const std::string& name) {
  return Npz::load(committed_vector(name));
}

std::size_t largest(const std::vector<double>& values) {
  const auto at = std::ranges::max_element(values, {}, [](double x) { return std::abs(x); });
  return static_cast<std::size_t>(at - values.begin());
}

// The same array with other values.
void replace(Npz& file, const std::string& name, const std::vector<double>& values) {
  const Array& old = file.at(name);
  if (old.dtype() == Array::Dtype::kFloat32) {
    const std::vector<float> narrow(values.begin(), values.end());
    file.set(Array::of_floats(name, old.shape(), narrow));
  } else {
    file.set(Array::of_doubles(name, old.shape(), values));
  }
}

Shape place_of(std::size_t flat, const Shape& shape) {
  Shape place(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0; flat /= shape[axis]) {
    place[axis] = flat % shape[axis];
  }
  return place;
}

// "0/f64/norm" is an output and the report calls it "0/norm".
std::optional<std::string> output_name(const std::string& member, const std::string& dtype) {
  const std::size_t at = member.find(dtype + "/");
  if (at == std::string::npos) return std::nullopt;
  return member.substr(0, at) + member.substr(at + dtype.size() + 1);
}

std::vector<std::string> outputs(const Npz& file, const std::string& dtype) {
  std::vector<std::string> members;
  for (const std::string& name : file.names()) {
    if (output_name(name, dtype)) members.push_back(name);
  }
  return members;
}

class EveryUnitFile : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Committed, EveryUnitFile, testing::ValuesIn(kFiles),
                         [](const auto& file) { return std::string(file.param).substr(5); });

TEST_P(EveryUnitFile, AgreesAndIsKnownByItsContent) {
  const Npz file = load(GetParam());
  EXPECT_TRUE(oracle::is_unit_file(file));
  for (const Dtype dtype : {Dtype::kF32, Dtype::kF64, Dtype::kWide}) {
    EXPECT_TRUE(oracle::check_unit(file, dtype).agrees()) << oracle::name_of(dtype);
  }
}

// Each output in turn: one number off by a millionth is seen, in its tensor, at its place, alone.
TEST_P(EveryUnitFile, AWrongNumberIsFoundWhereItIs) {
  const Npz file = load(GetParam());
  for (const std::string& member : outputs(file, "f64")) {
    Npz wrong = file;
    std::vector<double> values = file.at(member).as_doubles();
    const std::size_t at = largest(values);
    values[at] = values[at] == 0 ? 1e-6 : values[at] * (1 + 1e-6);
    replace(wrong, member, values);
    const Report report = oracle::check_unit(wrong, Dtype::kF64);
    const TensorReport* first = report.first_difference();
    ASSERT_NE(first, nullptr) << member;
    EXPECT_EQ(first->name, output_name(member, "f64"));
    EXPECT_EQ(first->place, place_of(at, file.at(member).shape())) << member;
    EXPECT_EQ(first->theirs, values[at]) << member;
    EXPECT_EQ(std::ranges::count_if(report.tensors,
                                    [](const TensorReport& tensor) { return !tensor.agrees(); }),
              1)
        << member;
  }
}

// Of a norm that PyTorch clipped in place nothing else is left in the file (unit_check.h).
bool is_taken_from_the_file(const Npz& file, const std::string& member) {
  if (!member.ends_with("/f32/norm")) return false;
  const auto number = static_cast<std::size_t>(member[0] - '0');
  return file.at(member).as_doubles()[0] > file.json("meta")["cases"][number]["max_norm"];
}

TEST_P(EveryUnitFile, AWrongFloatIsFoundWhereItIs) {
  const Npz file = load(GetParam());
  for (const std::string& member : outputs(file, "f32")) {
    if (is_taken_from_the_file(file, member)) continue;
    Npz wrong = file;
    std::vector<double> values = file.at(member).as_doubles();
    const std::size_t at = largest(values);
    values[at] = static_cast<float>(values[at] == 0 ? 1 : values[at] * 1.01);
    replace(wrong, member, values);
    const Report report = oracle::check_unit(wrong, Dtype::kF32);
    const TensorReport* first = report.first_difference();
    ASSERT_NE(first, nullptr) << member;
    EXPECT_EQ(first->name, output_name(member, "f32"));
    EXPECT_EQ(first->place, place_of(at, file.at(member).shape())) << member;
  }
}

TEST_P(EveryUnitFile, EveryOutputIsComparedAndAMissingOneIsADifference) {
  const Npz file = load(GetParam());
  const std::vector<std::string> members = outputs(file, "f64");
  EXPECT_EQ(oracle::check_unit(file, Dtype::kF64).tensors.size(), members.size());
  for (const std::string& member : members) {
    Npz less = file;
    less.erase(member);
    const TensorReport first = *oracle::check_unit(less, Dtype::kF64).first_difference();
    EXPECT_EQ(first.name, output_name(member, "f64"));
    EXPECT_EQ(first.note, "the file has no member " + member);
  }
}

TEST_P(EveryUnitFile, AMissingInputIsAnErrorThatNamesIt) {
  const Npz file = load(GetParam());
  for (const std::string& member : file.names()) {
    if (output_name(member, "f64") || output_name(member, "f32")) continue;
    Npz less = file;
    less.erase(member);
    ASSERT_TRUE(oracle::is_unit_file(less)) << member;
    const std::string error = error_text([&] { oracle::check_unit(less, Dtype::kF64); });
    if (member == "meta" && error == "(no error)") continue;  // a sentence, in some files
    EXPECT_TRUE(error.starts_with(file.source() + ": ")) << error;
    const bool is_param = member.starts_with("param/");
    EXPECT_TRUE(
        error.ends_with(": has no member " + member) ||
        (is_param && error.find(": no member under param/ is the mixer's ") != std::string::npos))
        << member << ": " << error;
  }
}

TEST_P(EveryUnitFile, AnOutputOfAnotherShapeIsADifference) {
  const Npz file = load(GetParam());
  for (const std::string& member : outputs(file, "f64")) {
    Npz other = file;
    other.set(Array::of_floats(member, {1, 2, 1, 2}, std::vector<float>(4, 0.5F)));
    const TensorReport first = *oracle::check_unit(other, Dtype::kF64).first_difference();
    EXPECT_EQ(first.name, output_name(member, "f64"));
    EXPECT_EQ(first.note, "shape [1, 2, 1, 2], expected " + shape_text(file.at(member).shape()));
  }
}

// Gradients may have any shape; that of what becomes of them then does not fit.
TEST_P(EveryUnitFile, AnInputOfAnotherShapeIsAnErrorOrADifference) {
  const Npz file = load(GetParam());
  for (const std::string& member : file.names()) {
    if (output_name(member, "f64") || output_name(member, "f32") || member == "meta") continue;
    Npz other = file;
    other.set(Array::of_floats(member, {1, 2, 1, 2}, std::vector<float>(4, 0.5F)));
    bool is_seen = false;
    const std::string error =
        error_text([&] { is_seen = !oracle::check_unit(other, Dtype::kF64).agrees(); });
    if (is_seen) continue;
    EXPECT_TRUE(error.starts_with(file.source() + ": ")) << member << ": " << error;
    EXPECT_NE(error.find("[1, 2, 1, 2]"), std::string::npos) << member << ": " << error;
  }
}

TEST_P(EveryUnitFile, AnUnknownMemberIsAnErrorThatNamesIt) {
  const Npz file = load(GetParam());
  for (const char* name : {"extra", "in/extra", "f64/extra/out", "17/f32/norm"}) {
    Npz more = file;
    more.set(Array::of_floats(name, {1}, std::vector<float>{0}));
    EXPECT_EQ(error_text([&] { oracle::check_unit(more, Dtype::kF64); }),
              file.source() + ": " + name + ": no unit file of this kind has such a member");
  }
}

TEST_P(EveryUnitFile, AnInfiniteNumberExcusesNoOther) {
  const Npz file = load(GetParam());
  for (const std::string& member : outputs(file, "f64")) {
    for (const double x :
         {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
      Npz wrong = file;
      std::vector<double> values = file.at(member).as_doubles();
      values.back() = x;
      replace(wrong, member, values);
      const TensorReport* first = oracle::check_unit(wrong, Dtype::kF64).first_difference();
      EXPECT_NE(first, nullptr) << member;
    }
  }
}

TEST(UnitCheck, ALearnersCaseIsNoUnitFile) {
  const Npz file = load("pymarl_vdn");
  EXPECT_FALSE(oracle::is_unit_file(file));
  EXPECT_NE(error_text([&] { oracle::check_unit(file, Dtype::kF64); }).find("no unit file"),
            std::string::npos);
  EXPECT_FALSE(oracle::is_unit_file(Npz("empty.npz")));
}

// Replaces `meta` by what `change` makes of it and returns the error of the check.
template <class Change>
std::string error_with_meta(const std::string& name, Change change) {
  Npz file = load(name);
  nlohmann::json meta = file.json("meta");
  change(meta);
  file.set(Array::of_text("meta", meta.dump()));
  std::string error = error_text([&] { oracle::check_unit(file, Dtype::kF64); });
  return error.starts_with(file.source()) ? error.substr(file.source().size()) : error;
}

TEST(UnitCheck, AConfigurationThatIsNotKnownIsAnErrorThatNamesTheKey) {
  using nlohmann::json;
  const char* const kOptimisers = "unit_optimisers";
  EXPECT_EQ(error_with_meta(kOptimisers, [](json& m) { m["cases"][1]["optimiser"] = "sgd"; }),
            ": meta: optimiser: expected \"adam\" or \"rmsprop\", found \"sgd\"");
  EXPECT_EQ(error_with_meta(kOptimisers, [](json& m) { m["cases"][3]["momentum"] = 0.9; }),
            ": meta: momentum: unknown here; expected one of optimiser, lr, alpha, betas, eps, "
            "weight_decay");
  EXPECT_EQ(error_with_meta(kOptimisers, [](json& m) { m["cases"][0]["lr"] = "fast"; }),
            ": meta: lr: expected a number, found \"fast\"");
  EXPECT_EQ(error_with_meta(kOptimisers, [](json& m) { m["cases"][2]["betas"] = {0.9}; }),
            ": meta: betas: expected two numbers, found [0.9]");
  EXPECT_EQ(error_with_meta(kOptimisers, [](json& m) { m.erase("cases"); }),
            ": meta: expected a list `cases` of at least one case");
  EXPECT_EQ(error_with_meta(kOptimisers, [](json& m) { m["cases"].erase(4); }),
            ": 4/f32/p0_after1: no unit file of this kind has such a member");
  EXPECT_EQ(error_with_meta("unit_clip_grad_norm", [](json& m) { m["cases"][0]["max_norm"] = 0; }),
            ": meta: max_norm: expected more than 0, found 0");
  EXPECT_EQ(error_with_meta("unit_lambda_targets", [](json& m) { m["cases"][5].erase("gamma"); }),
            ": meta: gamma: expected a number, found nothing");
  const char* const kMixer = "unit_mixer_nmix_softplus";
  EXPECT_EQ(error_with_meta(kMixer, [](json& m) { m["kw"]["qmix_pos_func"] = "exp"; }),
            ": meta: qmix_pos_func: expected abs, softplus or quadratic, found \"exp\"");
  EXPECT_EQ(error_with_meta(kMixer, [](json& m) { m["kw"]["mixing_embed_dim"] = 17; }),
            ": meta: mixing_embed_dim: 17, but the tensors say 16");
  EXPECT_EQ(error_with_meta(kMixer, [](json& m) { m["kw"]["qmix_pos_func_beta"] = -1; }),
            ": softplus_beta = -1: must be in [0.001, 1000]");
  EXPECT_EQ(error_with_meta("unit_schedule_tree", [](json& m) { m["time_length"] = 0; }),
            ": meta: time_length: expected an integer of at least 1, found 0");
}

TEST(UnitCheck, AMixerThatIsNotHereIsAnErrorThatNamesItsTensor) {
  Npz file = load("unit_mixer_vdn");
  file.set(Array::of_floats("param/si_weight.key_extractors.0.bias", {8}, std::vector<float>(8)));
  EXPECT_EQ(error_text([&] { oracle::check_unit(file, Dtype::kF64); }),
            file.source() +
                ": param/si_weight.key_extractors.0.bias: neither vdn, qmix nor qatten, which are "
                "checked alone, has such a tensor");
}

TEST(UnitCheck, AMaskOrAnEndThatNoEpisodeHasIsAnError) {
  const auto error_with = [](const std::string& member, std::size_t at, double value) {
    Npz file = load("unit_lambda_targets");
    std::vector<double> values = file.at(member).as_doubles();
    values[at] = value;
    replace(file, member, values);
    return error_text([&] { oracle::check_unit(file, Dtype::kF64); }).substr(file.source().size());
  };
  EXPECT_EQ(error_with("0/in/mask", 1, 0),
            ": 0/in/mask: episode 0: step 2 counts though step 1 does not; expected ones, then "
            "zeros");
  EXPECT_EQ(error_with("0/in/mask", 8, 0.5),
            ": 0/in/mask: episode 1: step 1: expected 0 or 1, found 0.500000");
  EXPECT_EQ(error_with("0/in/terminated", 3, 1),
            ": 0/in/terminated: episode 0: terminates at step 3 and again at step 6");
}

TEST(UnitCheck, WhatUnpacksToTooMuchIsAnError) {
  Npz functions = load("unit_elementwise");
  const std::vector<float> many((1U << 21) + 1);
  functions.set(Array::of_floats("in/x", {many.size()}, many));
  EXPECT_EQ(
      error_text([&] { oracle::check_unit(functions, Dtype::kF64); }),
      functions.source() + ": in/x: 2097153 elements, at most 2097152 are allowed in a unit file");
  for (int beta = 3; beta < 80; ++beta) {
    functions.set(Array::of_floats("f64/softplus_beta" + std::to_string(beta) + "/out", {1},
                                   std::vector<float>{0}));
  }
  functions.set(Array::of_floats("in/x", {214}, std::vector<float>(214)));
  EXPECT_EQ(error_text([&] { oracle::check_unit(functions, Dtype::kF64); }),
            functions.source() + ": 86 functions, at most 64 are allowed");

  Npz mixer = load("unit_mixer_qmix_1layer");
  const auto set_rows = [&](const std::string& name, std::size_t n_columns) {
    mixer.set(
        Array::of_floats(name, {1000, 300, n_columns}, std::vector<float>(300000 * n_columns)));
  };
  set_rows("in/agent_qs", 5);
  set_rows("in/state", 5);
  set_rows("in/grad_out", 1);
  EXPECT_EQ(error_text([&] { oracle::check_unit(mixer, Dtype::kF64); }),
            mixer.source() +
                ": 300000 rows of 80 mixing weights: at most 16777216 numbers are "
                "allowed");
}

// Where a float run of an optimiser began is searched for, and a NaN is near to nothing.
TEST(UnitCheck, AnOptimisersInputThatIsNotFiniteIsAnError) {
  Npz file = load("unit_optimisers");
  std::vector<double> params = file.at("3/in/p1").as_doubles();
  params[4] = std::numeric_limits<double>::quiet_NaN();
  replace(file, "3/in/p1", params);
  EXPECT_EQ(error_text([&] { oracle::check_unit(file, Dtype::kF32); }),
            file.source() + ": 3/in/p1: expected finite numbers");
}

TEST(UnitCheck, AMassBeyondTheSumIsAnError) {
  Npz file = load("unit_schedule_tree");
  std::vector<double> mass = file.at("in/mass").as_doubles();
  mass[7] = 6.5;
  replace(file, "in/mass", mass);
  EXPECT_EQ(error_text([&] { oracle::check_unit(file, Dtype::kF64); }),
            file.source() +
                ": in/mass: element 7 is 6.500000, expected 0 to the sum of "
                "in/tree_values, 5.924407");
}

}  // namespace
}  // namespace qtot::test
