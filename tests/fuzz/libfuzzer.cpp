// libFuzzer's entry point, compiled once for each target with QTOT_FUZZ_TARGET its name.

#include <cstdint>

#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  qtot::fuzz::QTOT_FUZZ_TARGET(std::as_bytes(std::span(data, size)));
  return 0;
}
