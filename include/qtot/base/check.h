#pragma once

#include <sstream>
#include <string>

/// A violated QTOT_CHECK is a bug in qtot or in the program that calls it: it prints the place, the
/// condition and both values, and aborts. Checks are always on. Bad input is no bug: see error.h.

namespace qtot::detail {

[[noreturn]] void check_failed(const char* file, int line, const std::string& what);

template <class A, class B>
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const A& a,
                               const B& b) {
  std::ostringstream os;
  os << condition << " (" << a << " vs " << b << ")";
  check_failed(file, line, os.str());
}

}  // namespace qtot::detail

#define QTOT_CHECK(condition)            \
  (static_cast<bool>(condition) ? void() \
                                : qtot::detail::check_failed(__FILE__, __LINE__, #condition))

#define QTOT_CHECK_OP(a, op, b)                                                          \
  do {                                                                                   \
    const auto& qtot_a = (a);                                                            \
    const auto& qtot_b = (b);                                                            \
    if (!(qtot_a op qtot_b)) {                                                           \
      qtot::detail::check_failed(__FILE__, __LINE__, #a " " #op " " #b, qtot_a, qtot_b); \
    }                                                                                    \
  } while (false)

#define QTOT_CHECK_EQ(a, b) QTOT_CHECK_OP(a, ==, b)
#define QTOT_CHECK_NE(a, b) QTOT_CHECK_OP(a, !=, b)
#define QTOT_CHECK_LT(a, b) QTOT_CHECK_OP(a, <, b)
#define QTOT_CHECK_LE(a, b) QTOT_CHECK_OP(a, <=, b)
#define QTOT_CHECK_GT(a, b) QTOT_CHECK_OP(a, >, b)
#define QTOT_CHECK_GE(a, b) QTOT_CHECK_OP(a, >=, b)
