#include "cli/games_report.h"

#include <algorithm>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace qtot::cli {
namespace {

using games::Table;
using Json = nlohmann::ordered_json;

constexpr int kEntryWidth = 8;
constexpr int kNameWidth = 11;
constexpr int kUpdatesWidth = 9;

std::vector<Table> tables_of(const games::Lesson& lesson) {
  std::vector<Table> tables;
  for (const train::LearnedTable& table : lesson.tables) tables.push_back(table.q_tot);
  return tables;
}

std::string number(double x) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << x;
  return text.str() == "-0.00" ? "0.00" : text.str();
}

std::string row_text(const std::vector<double>& row) {
  std::ostringstream text;
  for (const double x : row) text << std::setw(kEntryWidth) << number(x);
  return text.str();
}

// The answer that stands beside what was learnt.
const std::vector<Table>& shown_answer(const GameResult& result) {
  std::size_t nearest = 0;
  games::distance(result.median(), result.answers, &nearest);
  return result.answers[nearest];
}

std::string returns_text(const GameResult& result) {
  std::ostringstream text;
  for (const games::Lesson& lesson : result.lessons) text << ' ' << lesson.greedy_return;
  return text.str();
}

void print_game(std::ostream& out, const games::Game& game) {
  out << (game.env == "two_step" ? "the two-step game" : "game " + game.name) << ", best return "
      << game.best_return << '\n';
  for (const std::vector<double>& row : game.payoff) out << row_text(row) << '\n';
}

void print_head(std::ostream& out, std::size_t n_actions) {
  const auto width = static_cast<int>(n_actions) * kEntryWidth;
  out << std::left << std::setw(kNameWidth) << "algorithm" << std::right << std::setw(kUpdatesWidth)
      << "updates" << std::setw(width) << "learned"
      << "  " << std::setw(width) << "expected"
      << "  farthest  greedy returns\n";
}

void print_result(std::ostream& out, const GameResult& result, double tolerance) {
  const std::vector<Table> learned = result.median();
  bool is_first = true;
  for (std::size_t t = 0; t < learned.size(); ++t) {
    for (std::size_t i = 0; i < learned[t].size(); ++i) {
      const auto width = static_cast<int>(learned[t].size()) * kEntryWidth;
      out << std::left << std::setw(kNameWidth) << (is_first ? result.pupil.name : "") << std::right
          << std::setw(kUpdatesWidth) << (is_first ? std::to_string(result.pupil.n_updates) : "")
          << row_text(learned[t][i]) << "  " << std::setw(width)
          << (result.answers.empty() ? "" : row_text(shown_answer(result)[t][i]));
      if (is_first) {
        out << std::setw(10) << (result.answers.empty() ? "" : number(result.farthest())) << "  "
            << returns_text(result) << (result.agrees(tolerance) ? "" : "  <- not as expected");
      }
      if (i == 0 && learned.size() > 1) {
        out << (is_first ? "" : "           ") << "   (" << result.lessons[0].tables[t].situation
            << ')';
      }
      is_first = false;
      out << '\n';
    }
  }
}

}  // namespace

std::vector<Table> GameResult::median() const {
  std::vector<Table> middle = tables_of(lessons.front());
  for (std::size_t t = 0; t < middle.size(); ++t) {
    for (std::size_t i = 0; i < middle[t].size(); ++i) {
      for (std::size_t j = 0; j < middle[t][i].size(); ++j) {
        std::vector<double> entries;
        for (const games::Lesson& lesson : lessons) {
          entries.push_back(lesson.tables[t].q_tot[i][j]);
        }
        std::ranges::sort(entries);
        middle[t][i][j] = entries[(entries.size() - 1) / 2];
      }
    }
  }
  return middle;
}

double GameResult::farthest() const {
  double largest = 0;
  for (const games::Lesson& lesson : lessons) {
    largest = std::max(largest, games::distance(tables_of(lesson), answers));
  }
  return largest;
}

bool GameResult::agrees(double tolerance) const {
  return answers.empty() || farthest() <= tolerance;
}

void print_table(std::ostream& out, const std::vector<GameResult>& results, double tolerance) {
  const std::string* last = nullptr;
  for (const GameResult& result : results) {
    if (last == nullptr || *last != result.game.name) {
      if (last != nullptr) out << '\n';
      print_game(out, result.game);
      print_head(out, result.lessons.front().tables.front().q_tot.size());
      last = &result.game.name;
    }
    print_result(out, result, tolerance);
  }
  out << "\nlearned: Q_tot, the median over the seeds; farthest: of any entry and seed from what "
         "is "
         "expected\n";
}

void print_json(std::ostream& out, const std::vector<GameResult>& results, double tolerance) {
  Json list = Json::array();
  for (const GameResult& result : results) {
    Json one = {{"game", result.game.name},
                {"best_return", result.game.best_return},
                {"payoff", result.game.payoff},
                {"algorithm", result.pupil.name},
                {"updates", result.pupil.n_updates},
                {"expected", result.answers},
                {"farthest", result.answers.empty() ? Json(nullptr) : Json(result.farthest())},
                {"agrees", result.agrees(tolerance)},
                {"runs", Json::array()}};
    for (std::size_t i = 0; i < result.lessons.size(); ++i) {
      Json run = {{"seed", result.seeds[i]}, {"greedy_return", result.lessons[i].greedy_return}};
      for (const train::LearnedTable& table : result.lessons[i].tables) {
        run["q_tot"][table.situation] = table.q_tot;
      }
      one["runs"].push_back(std::move(run));
    }
    list.push_back(std::move(one));
  }
  out << Json{{"tolerance", tolerance}, {"results", list}}.dump(2) << '\n';
}

}  // namespace qtot::cli
