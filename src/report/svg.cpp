#include "qtot/report/svg.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "report/axis.h"
#include "report/text.h"

namespace qtot::report {
namespace {

constexpr std::array kColours = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"};
constexpr std::array kDashes = {"", "7 3", "2 3", "9 3 2 3"};
constexpr std::size_t kFewestForQuartiles = 4;

// user units of the picture
constexpr double kPlotWidth = 340, kPlotHeight = 220, kSinglePlotWidth = 640,
                 kSinglePlotHeight = 300;
constexpr double kLeft = 58, kRight = 18, kAbove = 30, kBelow = 44;
constexpr double kHead = 62;  // title and caption
constexpr double kLegendLine = 20, kLegendCharacter = 7.2, kLegendMark = 40;

const char* const kStyle =
    "<style>\n"
    "  text { fill: #6e7781 } .title { font-weight: bold; font-size: 15px }\n"
    "  .panel { font-weight: bold } .caption { font-size: 12px }\n"
    "  .grid { stroke: #8b949e; stroke-opacity: .3 } .axis { stroke: #8b949e; fill: none }\n"
    "  .line { fill: none; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round }\n"
    "  .band { stroke: none; fill-opacity: .2 }\n"
    "  @media (prefers-color-scheme: light) { text { fill: #424a53 } }\n"
    "  @media (prefers-color-scheme: dark) { text { fill: #c9d1d9 } .band { fill-opacity: .28 } }\n"
    "</style>\n";

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return result;
}

std::string number(double value) {
  return trimmed(value, 1);
}

std::string attribute(const std::string& name, double value) {
  return " " + name + "=\"" + number(value) + "\"";
}

std::string text_at(double x, double y, const std::string& text, const std::string& more = "") {
  return "<text" + attribute("x", x) + attribute("y", y) + more + ">" + escaped(text) + "</text>\n";
}

std::string line_from(double x1, double y1, double x2, double y2, const std::string& more) {
  return "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
         attribute("y2", y2) + more + "/>\n";
}

// What is drawn: the groups of each environment, and the place of each label among the colours.
struct Picture {
  const Report& report;
  const std::vector<Reference>& references;
  std::vector<std::string> panels;
  std::vector<std::string> labels;
  double plot_width = kPlotWidth, plot_height = kPlotHeight;
  std::size_t n_columns = 1;

  Picture(const Report& given, const std::vector<Reference>& others)
      : report(given), references(others) {
    for (const GroupReport& group : report.groups) {
      if (std::ranges::find(panels, group.panel) == panels.end()) panels.push_back(group.panel);
      if (std::ranges::find(labels, group.label) == labels.end()) labels.push_back(group.label);
    }
    if (panels.size() == 1) {
      plot_width = kSinglePlotWidth;
      plot_height = kSinglePlotHeight;
    } else {
      n_columns = panels.size() <= 4 ? 2 : 3;
    }
  }

  double cell_width() const { return kLeft + plot_width + kRight; }
  double cell_height() const { return kAbove + plot_height + kBelow; }
  double width() const { return static_cast<double>(n_columns) * cell_width(); }
  std::size_t n_rows() const { return (panels.size() + n_columns - 1) / n_columns; }

  std::size_t place_of(const std::string& label) const {
    return static_cast<std::size_t>(std::ranges::find(labels, label) - labels.begin());
  }
  bool has_label(const std::string& label) const { return place_of(label) < labels.size(); }
  std::string colour(const std::string& label) const {
    return kColours[place_of(label) % kColours.size()];
  }
  std::string stroke(const std::string& label) const {
    const std::string dash = kDashes[place_of(label) / kColours.size() % kDashes.size()];
    return " stroke=\"" + colour(label) + "\"" +
           (dash.empty() ? "" : " stroke-dasharray=\"" + dash + "\"");
  }
};

struct Band {
  double low = 0, high = 0;
};

Band band_of(const CurvePoint& point) {
  if (point.n < kFewestForQuartiles) return {.low = point.lowest, .high = point.highest};
  return {.low = point.q25, .high = point.q75};
}

// One panel, its origin at the upper left of its cell.
class Panel {
 public:
  Panel(const Picture& picture, const std::string& name, double x, double y)
      : picture_(picture), name_(name), left_(x + kLeft), top_(y + kAbove) {
    double last = 0, low = 0, high = 0;
    bool is_first = true;
    for (const GroupReport& group : picture_.report.groups) {
      if (group.panel != name_) continue;
      groups_.push_back(&group);
      for (const CurvePoint& point : group.curve) {
        const Band band = band_of(point);
        const double lowest = std::min(band.low, point.median);
        const double highest = std::max(band.high, point.median);
        low = is_first ? lowest : std::min(low, lowest);
        high = is_first ? highest : std::max(high, highest);
        last = std::max(last, static_cast<double>(point.t_env));
        is_first = false;
      }
    }
    for (const Reference& reference : picture_.references) {
      low = std::min(low, reference.value);
      high = std::max(high, reference.value);
    }
    const bool is_share = picture_.report.metric.ends_with("battle_won_mean");
    if (is_share) {
      low = 0;
      high = 1;
    } else if (low > 0 && low < high / 2) {
      low = 0;
    }
    x_axis_ = step_axis(last, picture_.panels.size() == 1 ? 9 : 6);
    y_axis_ = value_axis(low, high, 7);
  }

  std::string text() const {
    std::string out = text_at(left_, top_ - 10, name_, " class=\"panel\"");
    out += axes();
    for (const GroupReport* group : groups_) out += band(*group);
    for (std::size_t i = 0; i < picture_.references.size(); ++i) out += reference(i);
    for (const GroupReport* group : groups_) out += line(*group);
    return out;
  }

 private:
  double x_of(double t_env) const { return left_ + picture_.plot_width * (t_env / x_axis_.high); }
  double y_of(double value) const {
    const double share = (value - y_axis_.low) / (y_axis_.high - y_axis_.low);
    return top_ + picture_.plot_height * (1 - share);
  }
  std::string point(double t_env, double value) const {
    return number(x_of(t_env)) + "," + number(y_of(value)) + " ";
  }

  std::string axes() const {
    const double right = left_ + picture_.plot_width, bottom = top_ + picture_.plot_height;
    std::string out;
    for (const Tick& tick : y_axis_.ticks) {
      const double y = y_of(tick.value);
      out += line_from(left_, y, right, y, " class=\"grid\"");
      out += text_at(left_ - 7, y + 4, tick.label, " text-anchor=\"end\"");
    }
    for (const Tick& tick : x_axis_.ticks) {
      const double x = x_of(tick.value);
      out += line_from(x, bottom, x, bottom + 5, " class=\"axis\"");
      out += text_at(x, bottom + 19, tick.label, " text-anchor=\"middle\"");
    }
    out += line_from(left_, bottom, right, bottom, " class=\"axis\"");
    out +=
        text_at((left_ + right) / 2, bottom + 37, "environment steps", " text-anchor=\"middle\"");
    return out;
  }

  std::string band(const GroupReport& group) const {
    if (group.runs.size() < 2) return "";
    std::string points;
    for (const CurvePoint& p : group.curve) {
      points += point(static_cast<double>(p.t_env), band_of(p).high);
    }
    for (auto p = group.curve.rbegin(); p != group.curve.rend(); ++p) {
      points += point(static_cast<double>(p->t_env), band_of(*p).low);
    }
    points.pop_back();
    return "<polygon class=\"band\" fill=\"" + picture_.colour(group.label) + "\" points=\"" +
           points + "\"/>\n";
  }

  std::string line(const GroupReport& group) const {
    std::string points;
    for (const CurvePoint& p : group.curve) {
      points += point(static_cast<double>(p.t_env), p.median);
    }
    points.pop_back();
    return "<polyline class=\"line\"" + picture_.stroke(group.label) + " points=\"" + points +
           "\"><title>" + escaped(group.name) + "</title></polyline>\n";
  }

  // Labels stand side by side, for the figures may lie close together.
  std::string reference(std::size_t i) const {
    const Reference& other = picture_.references[i];
    const double place = static_cast<double>(i) / static_cast<double>(picture_.references.size());
    const double right = left_ + picture_.plot_width, y = y_of(other.value);
    const bool is_known = picture_.has_label(other.label);
    const std::string colour = is_known ? picture_.colour(other.label) : "#8b949e";
    return line_from(left_, y, right, y,
                     " stroke-width=\"1.4\" stroke-dasharray=\"6 4\" stroke=\"" + colour + "\"") +
           text_at(right - place * picture_.plot_width, y - 4,
                   other.label + " " + trimmed(other.value, 2),
                   " text-anchor=\"end\" font-size=\"11\"");
  }

  const Picture& picture_;
  std::string name_;
  double left_, top_;
  std::vector<const GroupReport*> groups_;
  Axis x_axis_, y_axis_;
};

std::string readable(const std::string& metric) {
  if (metric == "test_return_mean") return "Test return";
  if (metric == "test_battle_won_mean") return "Share of won test episodes";
  return metric;
}

std::string runs_text(std::size_t fewest, std::size_t most) {
  if (fewest != most) return std::to_string(fewest) + " to " + std::to_string(most) + " runs";
  return std::to_string(most) + (most == 1 ? " run" : " runs");
}

std::string caption(const Report& report) {
  std::size_t fewest = report.groups.front().runs.size(), most = fewest;
  for (const GroupReport& group : report.groups) {
    fewest = std::min(fewest, group.runs.size());
    most = std::max(most, group.runs.size());
  }
  std::string text = "Median of " + runs_text(fewest, most);
  if (most > 1) text += ", band: ";
  if (most >= kFewestForQuartiles) text += "interquartile range";
  if (most >= kFewestForQuartiles && fewest > 1 && fewest < kFewestForQuartiles) {
    text += " (lowest to highest below 4 runs)";
  }
  if (most > 1 && most < kFewestForQuartiles) text += "lowest to highest run";
  if (report.n_smooth > 1) {
    text += "; running mean over " + std::to_string(report.n_smooth) + " evaluations";
  }
  return text;
}

// Entries one behind the other, broken into lines; `height` is what they take.
std::string legend(const Picture& picture, double top, double& height) {
  std::string out;
  double x = kLeft, y = top + kLegendLine / 2;
  for (const std::string& label : picture.labels) {
    const double width = kLegendMark + kLegendCharacter * static_cast<double>(label.size()) + 16;
    if (x > kLeft && x + width > picture.width()) {
      x = kLeft;
      y += kLegendLine;
    }
    out += line_from(x, y, x + kLegendMark - 10, y, " class=\"line\"" + picture.stroke(label));
    out += text_at(x + kLegendMark - 4, y + 4, label);
    x += width;
  }
  height = y + kLegendLine - top;
  return out;
}

}  // namespace

std::string svg(const Report& report, const std::string& title,
                const std::vector<Reference>& references) {
  const Picture picture(report, references);
  double legend_height = 0;
  std::string body = legend(picture, kHead, legend_height);
  const double top = kHead + legend_height;
  for (std::size_t i = 0; i < picture.panels.size(); ++i) {
    const std::size_t column = i % picture.n_columns;
    const std::size_t row = i / picture.n_columns;
    const double x = static_cast<double>(column) * picture.cell_width();
    const double y = top + static_cast<double>(row) * picture.cell_height();
    body += Panel(picture, picture.panels[i], x, y).text();
  }
  const std::string shown = title.empty() ? readable(report.metric) : title;
  const std::string width = number(picture.width());
  const std::string height =
      number(top + static_cast<double>(picture.n_rows()) * picture.cell_height());
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + width + " " + height +
         "\" width=\"" + width + "\" height=\"" + height +
         "\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n<title>" + escaped(shown) +
         " over environment steps</title>\n" + kStyle +
         text_at(kLeft, 24, shown, " class=\"title\"") +
         text_at(kLeft, 44, caption(report) + (references.empty() ? "" : "; dashed: references"),
                 " class=\"caption\"") +
         body + "</svg>\n";
}

}  // namespace qtot::report
