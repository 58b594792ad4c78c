#include "qtot/arrays/npy.h"

#include "arrays/samples.h"
#include "fuzz/targets.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::fuzz {
namespace {

// Conversions that a type or a value refuses are Errors, too.
template <class Convert>
void check_conversion(Convert convert, std::size_t n) {
  try {
    QTOT_CHECK_EQ(convert().size(), n);
  } catch (const Error& error) {
    check_sentence(error.what(), "f: x: ");
  }
}

}  // namespace

void npy(std::span<const std::byte> bytes) {
  try {
    const arrays::Array array = arrays::parse_npy(bytes, "x", "f");
    check_conversion([&] { return array.as_doubles(); }, array.size());
    check_conversion([&] { return array.as_floats(); }, array.size());
    check_conversion([&] { return array.as_ints(); }, array.size());
    check_conversion([&] { return array.as_text(); }, array.size());
    QTOT_CHECK(test::same_content(arrays::parse_npy(arrays::to_npy(array), "x"), array));
  } catch (const Error& error) {
    check_sentence(error.what(), "f: x: ");
  }
}

}  // namespace qtot::fuzz
