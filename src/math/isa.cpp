#include "math/isa.h"

#include <cstdlib>
#include <string>

#include "qtot/base/error.h"

namespace qtot::math {
namespace {

bool machine_has(Isa isa) {
#ifdef QTOT_X86_LEVELS
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  switch (isa) {
    case Isa::kBaseline:
      return true;
    case Isa::kAvx2:
    case Isa::kWide16:
      return v3;
    case Isa::kAvx512:
      return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
  }
  return false;
#else
  return isa == Isa::kBaseline || isa == Isa::kWide16;
#endif
}

Isa choose() {
  if (const char* wanted = std::getenv("QTOT_ISA"); wanted != nullptr && *wanted != '\0') {
    for (const Isa isa : {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512, Isa::kWide16}) {
      if (name(isa) != wanted) continue;
      if (machine_has(isa)) return isa;
      throw Error("environment variable QTOT_ISA = " + std::string(wanted) +
                  ": this machine has no such instructions");
    }
    throw Error("environment variable QTOT_ISA = " + std::string(wanted) +
                ": expected baseline, avx2, avx512 or wide16");
  }
  for (const Isa isa : {Isa::kAvx512, Isa::kAvx2}) {
    if (machine_has(isa)) return isa;
  }
  return Isa::kBaseline;
}

}  // namespace

Isa active_isa() {
  static const Isa isa = choose();
  return isa;
}

std::string_view name(Isa isa) {
  switch (isa) {
    case Isa::kBaseline:
      return "baseline";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kWide16:
      return "wide16";
  }
  return "?";
}

}  // namespace qtot::math
