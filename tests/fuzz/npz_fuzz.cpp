#include "qtot/arrays/npz.h"

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "arrays/samples.h"
#include "arrays/zip_builder.h"
#include "fuzz/targets.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::fuzz {
namespace {

const std::string kMagic("\x93NUMPY\x01\x00", 8);

void check_json(const arrays::Npz& npz, const std::string& name) {
  try {
    const nlohmann::json copy = npz.json(name);  // a copy follows all levels
    QTOT_CHECK(!copy.is_discarded());
  } catch (const Error& error) {
    check_sentence(error.what(), "f: ");
  }
}

void check_written(const arrays::Npz& npz) {
  try {
    const arrays::Npz again = arrays::Npz::parse(npz.to_bytes(), "f");
    QTOT_CHECK(again.names() == npz.names());
    for (const std::string& name : npz.names()) {
      QTOT_CHECK(test::same_content(again.at(name), npz.at(name)));
    }
  } catch (const Error& error) {  // a name that is no UTF-8 is read, but not written
    check_sentence(error.what(), "cannot write f: ");
  }
}

void read(std::span<const std::byte> bytes) {
  try {
    const arrays::Npz npz = arrays::Npz::parse(bytes, "f");
    for (const std::string& name : npz.names()) check_json(npz, name);
    check_written(npz);
  } catch (const Error& error) {
    check_sentence(error.what(), "f: ");
  }
}

// A number of 1 to 4 bytes, or 0 where there are no more; takes them.
std::uint32_t take(std::string_view& recipe, std::size_t n_bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < n_bytes && !recipe.empty(); ++i) {
    value = value << 8 | static_cast<unsigned char>(recipe.front());
    recipe.remove_prefix(1);
  }
  return value;
}

std::string take_text(std::string_view& recipe, std::size_t n_bytes) {
  const std::string text(recipe.substr(0, n_bytes));
  recipe.remove_prefix(text.size());
  return text;
}

// A zip file of the members that the bytes tell of, each with the right length and checksum but for what
// its first byte says: bits 0 and 1 the method, 2 another length, 3 another checksum, 4 a flag, 5 no
// ".npy", 6 no magic.
std::string zip_by(std::string_view recipe) {
  std::vector<test::ZipEntry> entries;
  while (!recipe.empty()) {
    const std::uint32_t kind = take(recipe, 1);
    const std::string name = take_text(recipe, take(recipe, 1) % 16);
    const std::string content = take_text(recipe, take(recipe, 1));
    test::ZipEntry entry = test::stored(name + ((kind & 32) == 0 ? ".npy" : ""),
                                        ((kind & 64) == 0 ? kMagic : "") + content);
    entry.method = std::array<std::uint16_t, 4>{0, 0, 8, 12}.at(kind & 3);
    if ((kind & 4) != 0) entry.n_unpacked = take(recipe, 4);
    if ((kind & 8) != 0) entry.crc = take(recipe, 4);
    if ((kind & 16) != 0) entry.flags = static_cast<std::uint16_t>(take(recipe, 2));
    entries.push_back(entry);
  }
  return test::zip_of(entries);
}

}  // namespace

void npz(std::span<const std::byte> bytes) {
  read(bytes);
  // mutated files fail libzip's first checks; these get past them
  const std::string zip = zip_by({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  read(std::as_bytes(std::span(zip)));
}

}  // namespace qtot::fuzz
