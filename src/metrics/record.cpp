#include "qtot/metrics/record.h"

#include "qtot/base/check.h"

namespace qtot::metrics {

void Record::add_number(const std::string& name, Number number) {
  QTOT_CHECK(name != "t_env" && name != "episode" && name != "update");
  for (const auto& value : values) QTOT_CHECK_NE(value.first, name);
  values.emplace_back(name, number);
}

}  // namespace qtot::metrics
