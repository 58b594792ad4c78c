#pragma once

#include <string>
#include <vector>

#include "qtot/report/report.h"

namespace qtot::report {

/// A figure of somebody else's, to compare with.
struct Reference {
  std::string label;
  double value = 0;
};

/// Learning curves as one SVG file that needs nothing else: a panel for each environment, in each the
/// median of every group as a line and around it a band: the interquartile range, or from the lowest to
/// the highest run where a group has fewer than four. The caption says which, and names the smoothing.
/// Groups of one label have one colour in all panels: those of Okabe & Ito (2008), which people with any
/// kind of colour vision can tell apart, then the same with other dashes. Text and grid are legible on
/// white and on black. `title` "" stands for the name of the metric. A reference is a dashed line across
/// every panel with its label above it, in the colour of the group of that label where there is one.
std::string svg(const Report& report, const std::string& title,
                const std::vector<Reference>& references = {});

}  // namespace qtot::report
