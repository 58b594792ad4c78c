#pragma once

#include <string>

#include "qtot/base/error.h"

namespace qtot::test {

/// The sentence that `run` throws as qtot::Error, or "(no error)". Any other exception escapes and
/// fails the test.
template <class Run>
std::string error_text(Run run) {
  try {
    run();
  } catch (const Error& e) {
    return e.what();
  }
  return "(no error)";
}

}  // namespace qtot::test
