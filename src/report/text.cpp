#include "report/text.h"

#include <array>
#include <charconv>

#include "qtot/base/check.h"

namespace qtot::report {

std::string exact(double value) {
  std::array<char, 32> digits;  // 24 is the longest
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  QTOT_CHECK(end.ec == std::errc());
  return {digits.data(), end.ptr};
}

std::string fixed(double value, int n_decimals) {
  std::array<char, 512> digits;  // 309 before the point at most
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                 std::chars_format::fixed, n_decimals);
  QTOT_CHECK(end.ec == std::errc());
  std::string text(digits.data(), end.ptr);
  const bool is_zero = text.find_first_not_of("-0.") == std::string::npos;
  return is_zero && text.starts_with('-') ? text.substr(1) : text;
}

std::string trimmed(double value, int n_decimals) {
  std::string text = fixed(value, n_decimals);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace qtot::report
