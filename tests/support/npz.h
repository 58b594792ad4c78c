#pragma once

#include "qtot/arrays/npz.h"

namespace qtot::test {
using arrays::Array;
using arrays::Npz;
using arrays::shape_text;
}  // namespace qtot::test
