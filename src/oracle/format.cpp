#include "oracle/format.h"

#include <array>
#include <charconv>

namespace qtot::oracle {
namespace {

std::string text_of(double x, std::chars_format format, int precision) {
  std::array<char, 64> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), x, format, precision);
  return {text.data(), result.ptr};
}

}  // namespace

std::string number(double x, int digits) {
  return text_of(x, std::chars_format::general, digits);
}

std::string shortest(double x) {
  std::array<char, 32> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), x);
  return {text.data(), result.ptr};
}

std::string scientific(double x) {
  return text_of(x, std::chars_format::scientific, 2);
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(text.size() < width ? width - text.size() : 0, ' ') + text;
}

std::string left(const std::string& text, std::size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 0, ' ');
}

}  // namespace qtot::oracle
