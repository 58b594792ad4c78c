#include "qtot/arrays/safetensors.h"

#include <algorithm>

#include "arrays/samples.h"
#include "fuzz/targets.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::fuzz {

void safetensors(std::span<const std::byte> bytes) {
  try {
    arrays::Metadata metadata;
    const std::vector<arrays::Array> read = arrays::parse_safetensors(bytes, "f", &metadata);
    std::size_t n_data = 0;
    for (const arrays::Array& array : read) n_data += array.raw().size();
    QTOT_CHECK_LE(n_data + 8 + 2, bytes.size());  // length and {}

    arrays::Metadata metadata_again;
    const std::vector<arrays::Array> again =
        arrays::parse_safetensors(arrays::to_safetensors(read, metadata), "f", &metadata_again);
    QTOT_CHECK(std::ranges::equal(again, read, test::same_content));
    QTOT_CHECK(metadata_again == metadata);
  } catch (const Error& error) {
    check_sentence(error.what(), "f: ");
  }
}

}  // namespace qtot::fuzz
