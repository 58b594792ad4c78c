#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "qtot/env/env.h"

/// Reading a Snapshot that may come from a file: every number is checked before it is used.
namespace qtot::env {

/// The array `name`. Throws Error when it is missing or its length is not `size`.
const std::vector<double>& snapshot_array(const Snapshot& snapshot, const std::string& name,
                                          std::size_t size);

/// The same as integers. Throws Error, naming the entry, when one is no integer in [low, high].
std::vector<int> snapshot_integers(const Snapshot& snapshot, const std::string& name,
                                   std::size_t size, int low, int high);

/// The only entry of an array of length 1.
int snapshot_integer(const Snapshot& snapshot, const std::string& name, int low, int high);

}  // namespace qtot::env
