#pragma once

#include <cstddef>
#include <string>

/// Numbers as text that depends on no locale.
namespace qtot::oracle {

/// `digits` significant ones, in the shorter of fixed and scientific notation: 0.0312, 2.1e-07, inf.
std::string number(double x, int digits);
/// The fewest digits that read back to the same double.
std::string shortest(double x);
/// In scientific notation with two decimals: 4.44e-16.
std::string scientific(double x);
/// Filled with spaces to `width`, at the left or at the right.
std::string right(const std::string& text, std::size_t width);
std::string left(const std::string& text, std::size_t width);

}  // namespace qtot::oracle
