#include "oracle/unit/unit.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "qtot/base/error.h"
#include "qtot/config/value.h"

namespace qtot::oracle::unit {
namespace {

using arrays::Array;
using nlohmann::json;

// Of one input. A pass keeps some dozen arrays of that size; a small file may unpack to a large one.
constexpr std::size_t kMaxElements = std::size_t{1} << 21;
constexpr std::size_t kMaxTensors = std::size_t{1} << 16;  // an npz has no more members

[[noreturn]] void refuse(const std::string& place, const std::string& fault) {
  throw Error(place + ": " + fault);
}

const Array& with_room(const Array& array) {
  if (array.size() == 0) refuse(array.place(), "an input without elements");
  if (array.size() > kMaxElements) {
    refuse(array.place(), std::to_string(array.size()) + " elements, at most " +
                              std::to_string(kMaxElements) + " are allowed in a unit file");
  }
  return array;
}

}  // namespace

Unit::Unit(const arrays::Npz& file, Dtype dtype, const PassRule& rule) : file_(file), rule_(rule) {
  report_.source = file.source();
  report_.dtype = dtype == Dtype::kF32 ? Dtype::kF32 : Dtype::kF64;
  report_.tolerance = rule.in_words(report_.dtype);
  outputs_ = name_of(report_.dtype) + "/";
}

const Array& Unit::input(const std::string& name, const Shape& shape) {
  known_.insert(name);
  return with_room(file_.at(name).require_shape(shape));
}

const Array& Unit::input_of_rank(const std::string& name, std::size_t rank) {
  known_.insert(name);
  const Array& array = file_.at(name);
  if (array.shape().size() != rank) {
    refuse(array.place(), "expected an array of " + std::to_string(rank) + " axes, found shape " +
                              arrays::shape_text(array.shape()));
  }
  return with_room(array);
}

json Unit::meta() {
  known_.insert("meta");
  json meta = file_.json("meta");
  if (!meta.is_object()) refuse(file_.at("meta").place(), "expected a JSON object");
  return meta;
}

json Unit::meta_cases() {
  const json all = meta();
  const std::string place = file_.at("meta").place();
  if (!all.contains("cases") || !all["cases"].is_array() || all["cases"].empty()) {
    refuse(place, "expected a list `cases` of at least one case");
  }
  json cases = all["cases"];
  for (const json& one : cases) {
    if (!one.is_object()) refuse(place, "a case in `cases` is no JSON object");
  }
  return cases;
}

void Unit::compare(const std::string& folder, const std::string& name, Kind kind,
                   const Shape& shape, std::span<const double> ours) {
  add(folder, name, kind, shape, ours, How::kTensor);
}

void Unit::compare_each(const std::string& folder, const std::string& name, Kind kind,
                        const Shape& shape, std::span<const double> ours) {
  add(folder, name, kind, shape, ours, How::kEach);
}

void Unit::compare_exactly(const std::string& name, std::span<const double> ours) {
  add("", name, Kind::kValue, {ours.size()}, ours, How::kExactly);
}

void Unit::add(const std::string& folder, const std::string& name, Kind kind, const Shape& shape,
               std::span<const double> ours, How how) {
  known_.insert(folder + "f32/" + name);
  known_.insert(folder + "f64/" + name);
  const std::string member = folder + outputs_ + name;
  TensorReport difference;
  difference.name = folder + name;
  difference.kind = kind;
  difference.shape = shape;
  if (!file_.contains(member)) {
    difference.note = "the file has no member " + member;
    report_.tensors.push_back(difference);
    return;
  }
  const Array& array = file_.at(member);
  if (array.shape() != shape) {
    difference.shape = array.shape();
    difference.note =
        "shape " + arrays::shape_text(array.shape()) + ", expected " + arrays::shape_text(shape);
    report_.tensors.push_back(difference);
    return;
  }
  const std::vector<double> theirs = array.as_doubles();
  report_.tensors.push_back(oracle::compare(folder + name, kind, report_.dtype, shape, ours, theirs,
                                            bound(kind, theirs, how)));
}

Bound Unit::bound(Kind kind, std::span<const double> theirs, How how) const {
  if (how == How::kExactly) return {};
  std::vector<double> finite;  // an infinite number must not excuse the others
  std::ranges::copy_if(theirs, std::back_inserter(finite),
                       [](double x) { return std::isfinite(x); });
  Bound bound = rule_.bound(report_.dtype, kind, finite, largest_gradient_);
  if (how == How::kTensor) return bound;
  for (const double x : theirs) {
    const double alone =
        std::isfinite(x) ? rule_.bound(report_.dtype, Kind::kValue, {&x, 1}).of_all : bound.of_all;
    bound.of_each.push_back(std::min(alone, bound.of_all));
  }
  return bound;
}

void Unit::report_missing(const std::string& name) {
  TensorReport report;
  report.name = name;
  report.note = "the file has no member " + outputs_ + name;
  report_.tensors.push_back(report);
}

Report Unit::finish() const {
  for (const std::string& name : file_.names()) {
    if (known_.contains(name)) continue;
    refuse(file_.at(name).place(), "no unit file of this kind has such a member");
  }
  return report_;
}

double largest_of(std::span<const double> values, double so_far) {
  for (const double x : values) {
    if (std::abs(x) > so_far) so_far = std::abs(x);
  }
  return so_far;
}

double number_of(const Unit& unit, const json& object, const std::string& key, double otherwise) {
  return object.contains(key) ? number_of(unit, object, key) : otherwise;
}

double number_of(const Unit& unit, const json& object, const std::string& key) {
  const std::string place = unit.source() + ": meta: " + key;
  if (!object.contains(key)) refuse(place, "expected a number, found nothing");
  if (!object[key].is_number()) refuse(place, "expected a number, found " + object[key].dump());
  const double value = object[key].get<double>();
  if (!std::isfinite(value)) refuse(place, "expected a finite number");
  return value;
}

void require_known_keys(const Unit& unit, const json& object,
                        const std::vector<std::string>& known) {
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(known, key) != known.end()) continue;
    std::string names;
    for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
    refuse(unit.source() + ": meta: " + key, "unknown here; expected one of " + names);
  }
}

std::size_t n_tensors(const arrays::Npz& file, const std::vector<Numbered>& members) {
  std::size_t n = 1;
  for (const auto& [before, behind] : members) {
    for (const std::string& rest : file.names_under(before)) {
      std::size_t number = 0;
      const char* const end = rest.data() + rest.size();
      const auto [after, error] = std::from_chars(rest.data(), end, number);
      if (error != std::errc() || std::string_view(after, end) != behind) continue;
      if (number < kMaxTensors) n = std::max(n, number + 1);
    }
  }
  return n;
}

}  // namespace qtot::oracle::unit
