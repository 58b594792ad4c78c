#include "qtot/arrays/npz.h"

#include <nlohmann/json.hpp>

#include "arrays/samples.h"
#include "fuzz/targets.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::fuzz {
namespace {

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

}  // namespace

void npz(std::span<const std::byte> bytes) {
  try {
    const arrays::Npz npz = arrays::Npz::parse(bytes, "f");
    for (const std::string& name : npz.names()) check_json(npz, name);
    check_written(npz);
  } catch (const Error& error) {
    check_sentence(error.what(), "f: ");
  }
}

}  // namespace qtot::fuzz
