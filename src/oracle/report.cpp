#include "qtot/oracle/report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace qtot::oracle {
namespace {

using Json = nlohmann::ordered_json;

template <class... Values>
std::string format(const char* pattern, Values... values) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), pattern, values...);
  return text.data();
}

std::string row(const TensorReport& tensor, int width) {
  const std::string text =
      format("%-8s%-*s %10zu %10.2e %10.2e %10.2e %10.2e %8.2g", tensor.agrees() ? "ok" : "DIFFERS",
             width, tensor.name.c_str(), tensor.n_compared, tensor.max_absolute,
             tensor.max_relative, tensor.max_ulp, tensor.bound, tensor.max_ratio);
  return text + (tensor.note.empty() ? "" : "  " + tensor.note) + "\n";
}

// Full precision: 9 digits name a float, 17 a double.
std::string exact(double x, Dtype dtype) {
  return format(dtype == Dtype::kF32 ? "%.9g" : "%.17g", x);
}

bool is_params(const TensorReport& tensor) {
  return tensor.kind == Kind::kGradient || tensor.kind == Kind::kParam;
}

Json to_json(const TensorReport& tensor) {
  Json json = {{"name", tensor.name},
               {"agrees", tensor.agrees()},
               {"compared", tensor.n_compared},
               {"shape", tensor.shape},
               {"max_absolute", tensor.max_absolute},
               {"max_relative", tensor.max_relative},
               {"max_ulp", tensor.max_ulp},
               {"error_over_bound", tensor.max_ratio},
               {"place", tensor.place},
               {"where", place_text(tensor)},
               {"ours", tensor.ours},
               {"theirs", tensor.theirs},
               {"bound", tensor.bound}};
  if (!tensor.note.empty()) json["note"] = tensor.note;
  return json;
}

}  // namespace

std::string to_text(const Report& report, bool all) {
  const TensorReport* first = report.first_difference();
  std::size_t width = 12;
  std::size_t n_hidden = 0;
  for (const TensorReport& tensor : report.tensors) width = std::max(width, tensor.name.size());
  const int columns = static_cast<int>(width) + 1;
  std::string text = report.source + ", " + name_of(report.dtype) + ", " + report.tolerance + "\n";
  text += format("%-8s%-*s %10s %10s %10s %10s %10s %8s\n", "", columns, "tensor", "compared",
                 "absolute", "relative", "ulp", "bound", "of bound");
  for (const TensorReport& tensor : report.tensors) {
    if (!all && tensor.agrees() && is_params(tensor)) {
      ++n_hidden;
    } else {
      text += row(tensor, columns);
    }
  }
  if (n_hidden > 0) {
    text += format("ok      and %zu gradients and parameters; --all shows them\n", n_hidden);
  }
  for (const std::string& name : report.ignored) text += "ignored " + name + "\n";
  if (first == nullptr) {
    return text + format("agrees: %zu tensors\n", report.tensors.size());
  }
  text += "differs first in " + first->name;
  if (const std::string place = place_text(*first); !place.empty()) text += " at " + place;
  if (first->note.empty()) {
    text += ": qtot " + exact(first->ours, report.dtype) + ", theirs " +
            exact(first->theirs, report.dtype) + format(", bound %.2g", first->bound);
  }
  return text + "\n" + (report.reason.empty() ? "" : report.reason + "\n");
}

nlohmann::ordered_json to_json(const Report& report) {
  Json tensors = Json::array();
  for (const TensorReport& tensor : report.tensors) tensors.push_back(to_json(tensor));
  const TensorReport* first = report.first_difference();
  return {{"source", report.source},
          {"dtype", name_of(report.dtype)},
          {"tolerance", report.tolerance},
          {"agrees", report.agrees()},
          {"first", first == nullptr ? Json(nullptr) : to_json(*first)},
          {"reason", report.reason},
          {"tensors", std::move(tensors)},
          {"ignored", report.ignored}};
}

}  // namespace qtot::oracle
