#include "scalar.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string_view>
#include <system_error>

#include "qtot/base/error.h"

namespace qtot::yaml {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    if (text == word) return true;
  }
  return false;
}

std::size_t count_digits(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
  return n;
}

enum class Number { kNone, kInteger, kReal };

// digits [. digits] [e [sign] digits], with a digit before or after the point. A leading zero (010)
// is octal in YAML 1.1 and decimal in 1.2: no number here, so that nobody guesses.
Number number_kind(std::string_view text) {
  const std::size_t whole = count_digits(text);
  if (whole > 1 && text[0] == '0') return Number::kNone;
  text.remove_prefix(whole);
  if (text.empty()) return whole > 0 ? Number::kInteger : Number::kNone;

  std::size_t fraction = 0;
  if (text[0] == '.') {
    text.remove_prefix(1);
    fraction = count_digits(text);
    text.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return Number::kNone;
  if (text.empty()) return Number::kReal;

  if (text[0] != 'e' && text[0] != 'E') return Number::kNone;
  text.remove_prefix(1);
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  const std::size_t exponent = count_digits(text);
  return exponent > 0 && exponent == text.size() ? Number::kReal : Number::kNone;
}

config::Value number(const std::string& text, Number kind, const std::string& origin) {
  const char* begin = text.data() + (text[0] == '+' ? 1 : 0);  // from_chars knows no plus
  const char* end = text.data() + text.size();
  if (kind == Number::kInteger) {
    std::int64_t x = 0;
    if (std::from_chars(begin, end, x).ec == std::errc()) return {x, origin};
  }
  double x = 0;
  if (std::from_chars(begin, end, x).ec != std::errc()) {
    throw Error(origin + ": the number " + text.substr(0, 40) + " is beyond the range of double");
  }
  return {x, origin};
}

}  // namespace

config::Value plain_scalar(const std::string& text, const std::string& origin) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL", "None"})) return {{}, origin};
  if (is_one_of(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})) {
    return {true, origin};
  }
  if (is_one_of(text, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})) {
    return {false, origin};
  }

  const bool negative = text[0] == '-';
  const std::string_view magnitude =
      std::string_view(text).substr(negative || text[0] == '+' ? 1 : 0);
  if (is_one_of(magnitude, {".inf", ".Inf", ".INF"})) {
    const double inf = std::numeric_limits<double>::infinity();
    return {negative ? -inf : inf, origin};
  }
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) {
    return {std::numeric_limits<double>::quiet_NaN(), origin};
  }
  const Number kind = number_kind(magnitude);
  if (kind == Number::kNone) return {text, origin};
  return number(text, kind, origin);
}

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(const std::string& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = byte(i);
    const std::size_t n = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (n == 0 || lead > 0xf4 || i + n > text.size()) return false;
    for (std::size_t k = 1; k < n; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    if (lead == 0xe0 && byte(i + 1) < 0xa0) return false;
    if (lead == 0xed && byte(i + 1) > 0x9f) return false;
    if (lead == 0xf0 && byte(i + 1) < 0x90) return false;
    if (lead == 0xf4 && byte(i + 1) > 0x8f) return false;
    i += n;
  }
  return true;
}

}  // namespace qtot::yaml
