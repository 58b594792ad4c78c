#pragma once

#include <memory>
#include <string>
#include <vector>

#include "qtot/bridge/python_envs.h"
#include "qtot/yaml/yaml.h"

namespace qtot::test {

inline const std::string kExamples = std::string(QTOT_SOURCE_DIR) + "/python/examples/";
inline const std::string kMisbehaving =
    std::string(QTOT_TEST_DATA_DIR) + "/python_envs/misbehaving.py:Bad";

/// The environment `entry` of Debian's interpreter, with further key=value.
inline std::unique_ptr<env::Env> python_env(const std::string& entry,
                                            std::vector<std::string> words = {}) {
  if (!entry.empty()) words.insert(words.begin(), "entry=" + entry);
  words.insert(words.begin(), "python=" QTOT_TEST_PYTHON);
  return bridge::python_family().make(yaml::parse_assignments(words));
}

}  // namespace qtot::test
