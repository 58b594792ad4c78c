#pragma once

#include <ostream>

#include "qtot/train/learned_tables.h"

namespace qtot::cli {

/// Q_tot of every joint action, agent 0 downwards and agent 1 to the right.
void print_table(std::ostream& out, const train::LearnedTable& table);

}  // namespace qtot::cli
