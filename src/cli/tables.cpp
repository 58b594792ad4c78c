#include "cli/tables.h"

#include <iomanip>

namespace qtot::cli {

void print_table(std::ostream& out, const train::LearnedTable& table) {
  constexpr int kWidth = 10;
  out << "Q_tot in " << table.situation << " (rows: agent 0, columns: agent 1)\n";
  for (const std::vector<double>& row : table.q_tot) {
    for (const double value : row) {
      out << std::setw(kWidth) << std::fixed << std::setprecision(3) << value;
    }
    out << '\n';
  }
  out << std::defaultfloat << std::setprecision(6) << '\n';
}

}  // namespace qtot::cli
