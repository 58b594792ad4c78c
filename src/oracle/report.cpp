#include "qtot/oracle/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "oracle/format.h"

namespace qtot::oracle {
namespace {

using Json = nlohmann::ordered_json;

std::string row(const TensorReport& tensor, std::size_t width) {
  std::string text = left(tensor.agrees() ? "ok" : "DIFFERS", 8) + left(tensor.name, width);
  text += right(std::to_string(tensor.n_compared), 10);
  for (const double x : {tensor.max_absolute, tensor.max_relative, tensor.max_ulp, tensor.bound}) {
    text += right(scientific(x), 11);
  }
  text += right(number(tensor.max_ratio, 2), 9);
  return text + (tensor.note.empty() ? "" : "  " + tensor.note) + "\n";
}

std::string header(std::size_t width) {
  std::string text = left("", 8) + left("tensor", width) + right("compared", 10);
  for (const char* name : {"absolute", "relative", "ulp", "bound"}) text += right(name, 11);
  return text + right("of bound", 9) + "\n";
}

// Full precision: 9 digits name a float, 17 a double.
std::string exact(double x, Dtype dtype) {
  return number(x, dtype == Dtype::kF32 ? 9 : 17);
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
  for (const TensorReport& tensor : report.tensors) width = std::max(width, tensor.name.size());
  const std::size_t columns = width + 1;
  std::string text = report.source + ", " + name_of(report.dtype) + ", " + report.tolerance + "\n";
  text += header(columns);
  std::size_t n_hidden = 0;
  std::size_t n_later = 0;
  for (const TensorReport& tensor : report.tensors) {
    const bool is_behind = first != nullptr && &tensor > first;
    if (all || (!is_behind && !(tensor.agrees() && is_params(tensor)))) {
      text += row(tensor, columns);
    } else {
      ++n_hidden;
      n_later += tensor.agrees() ? 0U : 1U;
    }
  }
  if (n_hidden > 0) {
    text += "        and " + std::to_string(n_hidden) + " more, of which " +
            (n_later == 0 ? "all agree" : std::to_string(n_later) + " differ") +
            "; --all shows them\n";
  }
  for (const std::string& name : report.ignored) text += "ignored " + name + "\n";
  if (first == nullptr) {
    return text + "agrees: " + std::to_string(report.tensors.size()) + " tensors\n";
  }
  text += "differs first in " + first->name;
  if (const std::string place = place_text(*first); !place.empty()) text += " at " + place;
  if (first->note.empty()) {
    text += ": qtot " + exact(first->ours, report.dtype) + ", theirs " +
            exact(first->theirs, report.dtype) + ", bound " + number(first->bound, 2);
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
