#include "metrics/text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "qtot/base/check.h"

namespace qtot::metrics {

void append_number(std::string& out, const Number& number) {
  std::array<char, 32> digits;  // 24 is the longest double, 20 the longest integer
  const auto end = std::visit(
      [&](auto value) {
        return std::to_chars(digits.data(), digits.data() + digits.size(), value);
      },
      number);
  QTOT_CHECK(end.ec == std::errc());
  out.append(digits.data(), end.ptr);
}

void append_json_number(std::string& out, const Number& number) {
  const double* real = std::get_if<double>(&number);
  if (real != nullptr && !std::isfinite(*real)) {
    out += "null";
  } else {
    append_number(out, number);
  }
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20) {
      out += "\\u00";
      out += kHex[code >> 4];
      out += kHex[code & 15];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  out += '"';
}

std::string json_line(const Record& record) {
  std::string line = "{\"t_env\":" + std::to_string(record.t_env) +
                     ",\"episode\":" + std::to_string(record.episode) +
                     ",\"update\":" + std::to_string(record.update);
  for (const auto& [name, number] : record.values) {
    line += ',';
    append_json_string(line, name);
    line += ':';
    append_json_number(line, number);
  }
  line += "}\n";
  return line;
}

}  // namespace qtot::metrics
