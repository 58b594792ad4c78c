#include "qtot/checkpoint/checkpoint.h"

#include "checkpoint/frame.h"
#include "fuzz/targets.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::fuzz {
namespace {

// What is read can be written to the same bytes, and digested.
void read(const std::string& bytes) {
  try {
    const checkpoint::State state = checkpoint::from_bytes(bytes, "f");
    QTOT_CHECK(checkpoint::to_bytes(state) == bytes);
    QTOT_CHECK(!checkpoint::digest(state).parts.empty());
  } catch (const Error& error) {
    check_sentence(error.what(), "checkpoint f: ");
  }
}

}  // namespace

void checkpoint(std::span<const std::byte> bytes) {
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  read(text);
  // random bytes do not pass the checksum, a forger's do: what lies behind it is met bare
  std::string framed(checkpoint::kHeaderBytes, '\0');
  framed += text;
  checkpoint::close_frame(framed);
  read(framed);
}

}  // namespace qtot::fuzz
