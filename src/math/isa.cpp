#include "math/isa.h"

#include <atomic>
#include <cstdlib>
#include <string>

#include "qtot/base/check.h"
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

constexpr int kNotForced = -1;
std::atomic<int> forced_isa = kNotForced;

}  // namespace

Isa active_isa() {
  if (const int isa = forced_isa; isa != kNotForced) return static_cast<Isa>(isa);
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

std::vector<Isa> available_isas() {
  std::vector<Isa> isas;
  for (const Isa isa : {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512, Isa::kWide16}) {
    if (machine_has(isa)) isas.push_back(isa);
  }
  return isas;
}

ScopedIsa::ScopedIsa(Isa isa) : before_(forced_isa) {
  QTOT_CHECK(machine_has(isa));
  forced_isa = static_cast<int>(isa);
}

ScopedIsa::~ScopedIsa() {
  forced_isa = before_;
}

}  // namespace qtot::math
