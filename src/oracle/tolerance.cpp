#include "qtot/oracle/tolerance.h"

#include <charconv>

#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::oracle {
namespace {

double positive(const std::string& key, const std::string& text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || !(value > 0)) {
    throw Error("tolerance: " + key + ": expected a number above 0, found \"" + printable(text) +
                "\"");
  }
  return value;
}

double* field_of(PassRule& rule, const std::string& key) {
  if (key == "f64") return &rule.f64;
  if (key == "value") return &rule.value;
  if (key == "scalar") return &rule.scalar;
  if (key == "gradient") return &rule.gradient;
  return key == "param" ? &rule.param : nullptr;
}

}  // namespace

CheckOptions read_tolerance(const std::string& text, Dtype dtype) {
  CheckOptions options;
  options.dtype = dtype;
  options.certified = text == "certified";
  if (options.certified || text == "pass") return options;
  std::size_t begin = 0;
  do {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const std::size_t sign = std::min(part.find('='), part.size());
    double* const field = field_of(options.rule, part.substr(0, sign));
    if (field == nullptr || sign == part.size()) {
      throw Error("tolerance: \"" + printable(part) +
                  "\": expected pass, certified, or a list of f64, value, scalar, gradient and "
                  "param, each with its number, such as value=1e-5,gradient=1e-3");
    }
    *field = positive(part.substr(0, sign), part.substr(sign + 1));
    begin = end + 1;
  } while (begin <= text.size());
  return options;
}

Dtype read_dtype(const std::string& text) {
  for (const Dtype dtype : {Dtype::kF32, Dtype::kF64, Dtype::kWide}) {
    if (text == name_of(dtype)) return dtype;
  }
  throw Error("dtype: expected f32, f64 or wide, found \"" + printable(text) + "\"");
}

}  // namespace qtot::oracle
