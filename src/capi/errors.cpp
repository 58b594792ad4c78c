#include <algorithm>

#include "capi/handles.h"
#include "qtot/version.h"

namespace qtot::capi {
namespace {

std::string& last_error() {
  thread_local std::string sentence;
  return sentence;
}

}  // namespace

qtot_status failed(qtot_status status, const char* sentence) noexcept {
  try {
    last_error() = sentence;
    return status;
  } catch (...) {
    last_error().clear();
    return QTOT_NO_MEMORY;
  }
}

void require(const void* pointer, const char* function, const char* argument) {
  if (pointer == nullptr) throw Error(std::string(function) + ": " + argument + " is NULL");
}

std::unique_ptr<char[]> text_copy(const std::string& text) {
  auto copy = std::make_unique<char[]>(text.size() + 1);  // ends with the 0 it begins with
  std::ranges::copy(text, copy.get());
  return copy;
}

}  // namespace qtot::capi

uint32_t qtot_abi_version() {
  return QTOT_ABI_VERSION;
}

const char* qtot_version() {
  return qtot::kVersion;
}

const char* qtot_last_error() {
  return qtot::capi::last_error().c_str();
}

void qtot_text_free(char* text) {
  const std::unique_ptr<char[]> owner(text);
}
