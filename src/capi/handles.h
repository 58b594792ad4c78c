#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "qtot/arrays/npz.h"
#include "qtot/base/error.h"
#include "qtot/capi/qtot.h"
#include "qtot/config/value.h"
#include "qtot/oracle/case.h"
#include "qtot/oracle/step.h"

struct qtot_case {
  qtot::arrays::Npz file;
  qtot::config::Map with;
  std::optional<qtot::oracle::Case> checked = std::nullopt;  // of the two above, once it was needed
};

struct qtot_step {
  qtot::oracle::Step step;
  std::vector<std::vector<std::uint64_t>> shapes;  // of each tensor, in the type of the header
};

namespace qtot::capi {

/// Keeps the sentence for qtot_last_error() and hands the status on.
qtot_status failed(qtot_status status, const char* sentence) noexcept;

/// Runs `work`; whatever it throws becomes a status and a sentence.
template <class Work>
qtot_status guarded(const Work& work) noexcept {
  try {
    work();
    return QTOT_OK;
  } catch (const Error& error) {
    const bool is_bad_input = error.exit_code() == ExitCode::kBadInput;
    return failed(is_bad_input ? QTOT_BAD_INPUT : QTOT_FAILED, error.what());
  } catch (const std::bad_alloc&) {
    return failed(QTOT_NO_MEMORY, "out of memory");
  } catch (const std::exception& fault) {
    return failed(QTOT_FAILED, fault.what());
  } catch (...) {
    return failed(QTOT_FAILED, "an unknown fault");
  }
}

/// Throws Error "<function>: <argument> is NULL".
void require(const void* pointer, const char* function, const char* argument);

/// A copy that qtot_text_free() takes.
std::unique_ptr<char[]> text_copy(const std::string& text);

/// Reads and checks what the handle holds, unless that was done before.
const oracle::Case& checked(qtot_case& input);

/// Throws Error for a number that is none of them.
oracle::Dtype dtype_of(qtot_dtype dtype, const char* function);

}  // namespace qtot::capi
