#pragma once

#include <string_view>
#include <type_traits>
#include <vector>

/// Which copy of the kernels runs. All give the same bits; only their speed differs.
namespace qtot::math {

enum class Isa {
  kBaseline,  // what every machine of the architecture has (x86-64: SSE2, fma in software)
  kAvx2,      // x86-64-v3: AVX2 and FMA
  kAvx512,    // x86-64-v4
  kWide16,    // 16 lanes in plain C++ (needs x86-64-v3 on x86): AVX-512's shapes on any machine
};

/// The best level of this machine, or the one that the environment variable QTOT_ISA names
/// (baseline, avx2, avx512, wide16). Chosen once. Throws Error for a name that is unknown or a level
/// that the machine lacks.
Isa active_isa();
std::string_view name(Isa isa);

/// The levels that this machine can run, in the order of the enumeration.
std::vector<Isa> available_isas();

/// Whether T has kernels at all: math::Wide has none, and computes by the naive twins.
template <class T>
inline constexpr bool kHasKernels = std::is_floating_point_v<T>;

/// Makes active_isa() return `isa` while it lives: for tests and benchmarks that compare levels in
/// one process. Not while kernels run in other threads. A level the machine lacks aborts.
class ScopedIsa {
 public:
  explicit ScopedIsa(Isa isa);
  ~ScopedIsa();
  ScopedIsa(const ScopedIsa&) = delete;
  ScopedIsa& operator=(const ScopedIsa&) = delete;

 private:
  int before_;
};

}  // namespace qtot::math

// Declares <family>_kernels() of every level and defines pick_<family>_kernels().
// clang-format off
#ifdef QTOT_X86_LEVELS
#define QTOT_DISPATCH(Table, family)                                   \
  namespace isa_baseline { const Table& family(); }                    \
  namespace isa_avx2 { const Table& family(); }                        \
  namespace isa_avx512 { const Table& family(); }                      \
  namespace isa_wide16 { const Table& family(); }                      \
  static const Table& pick_##family() {                                \
    switch (active_isa()) {                                            \
      case Isa::kBaseline: return isa_baseline::family();              \
      case Isa::kAvx2: return isa_avx2::family();                      \
      case Isa::kAvx512: return isa_avx512::family();                  \
      case Isa::kWide16: return isa_wide16::family();                  \
    }                                                                  \
    return isa_baseline::family();                                     \
  }
#else
#define QTOT_DISPATCH(Table, family)                                   \
  namespace isa_baseline { const Table& family(); }                    \
  namespace isa_wide16 { const Table& family(); }                      \
  static const Table& pick_##family() {                                \
    return active_isa() == Isa::kWide16 ? isa_wide16::family() : isa_baseline::family(); \
  }
#endif
// clang-format on
