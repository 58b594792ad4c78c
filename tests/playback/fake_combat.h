#pragma once

#include "qtot/playback/recording.h"

/// A battle that nobody played: all that a drawing can hold, for the page and the text.
namespace qtot::test {

inline constexpr int kFakeAllies = 5;
inline constexpr int kFakeEnemies = 7;
inline constexpr int kFakeActions = 13;
inline constexpr int kFakeLength = 24;

env::Drawing fake_drawing(int step);

/// `n_episodes` of them, with Q_tot or without. The first kind of unit is called `kind`.
playback::Recording fake_combat(int n_episodes, bool has_q_tot = true,
                                const std::string& kind = "marine");

/// Two steps of an environment that has a text and no drawing.
playback::Recording fake_text();

}  // namespace qtot::test
