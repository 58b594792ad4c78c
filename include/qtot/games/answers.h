#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// What each class of factorisations makes of a game whose joint actions are all equally often in the
/// data: the tables that its learners are known to end in.
namespace qtot::games {

/// [A, A]: row = action of agent 0, column = action of agent 1.
using Table = std::vector<std::vector<double>>;

/// What is learnt.
enum class Answers {
  kIndependent,  // sum over agents of the mean over the other's actions (IQL)
  kAdditive,     // least squares: row mean + column mean - mean (VDN and all that are linear)
  kMonotonic,    // where gradient descent on a monotonic mixer ends (QMIX)
  kCentral,      // the best entry, and the mean of the rest (CW-QMIX)
  kOptimistic,   // the best entry, and the alpha-expectile of the rest (OW-QMIX)
  kComplete,     // the payoff itself (QPLEX, QTRAN)
};

/// Tables of all situations of a game in the order of train::learned_tables(). Several where learners may
/// end in either; none where nothing is known.
using Alternatives = std::vector<std::vector<Table>>;

/// Of a one-step game. Additive, central, optimistic and complete answers are computed from the payoff;
/// where the gradient leads a monotonic mixer was found for games A, B and C by experiment.
///
/// @param[in] alpha  weight of what is overestimated, of kOptimistic alone
Alternatives answers_of_payoff(Answers answers, const Table& payoff, double alpha);

/// Of the two-step game of Rashid et al. (2018), gamma = 0.99.
Alternatives answers_of_two_step(Answers answers);

/// The largest absolute difference of two tables, or lists of them, of one shape.
double distance(const std::vector<Table>& a, const std::vector<Table>& b);
/// That to the nearest alternative; there must be one.
double distance(const std::vector<Table>& learned, const Alternatives& alternatives,
                std::size_t* nearest = nullptr);

}  // namespace qtot::games
