#pragma once

#include <string>
#include <string_view>

#include "qtot/metrics/record.h"

/// Numbers and strings as the sinks write them: the same characters on every machine.
namespace qtot::metrics {

/// Shortest digits that read back to the same bits; nan, inf and -inf as these words.
void append_number(std::string& out, const Number& number);

/// The same as JSON, which has no word for NaN and infinities: null.
void append_json_number(std::string& out, const Number& number);

/// In quotes; quotes, backslashes and control characters are escaped.
void append_json_string(std::string& out, std::string_view text);

/// `{"t_env":1,"episode":2,"update":3,"name":value,...}` and the end of the line.
std::string json_line(const Record& record);

}  // namespace qtot::metrics
