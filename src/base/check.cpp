#include "qtot/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace qtot::detail {

void check_failed(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, what.c_str());
  std::abort();
}

}  // namespace qtot::detail
