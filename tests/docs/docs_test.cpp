// The documents tell the truth as far as a machine can see: what they point to is there, the tests and
// verbs that they name exist, and the generated reference is the one that the program prints.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace qtot {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = QTOT_SOURCE_DIR;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path << " cannot be read";
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The files of a folder of the project with one of the endings, in a stated order.
std::vector<fs::path> files_of(const fs::path& folder, const std::vector<std::string>& endings) {
  std::set<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string ending = entry.path().extension().string();
    if (std::ranges::find(endings, ending) != endings.end()) found.insert(entry.path());
  }
  return {found.begin(), found.end()};
}

std::vector<fs::path> documents() {
  std::vector<fs::path> all = files_of(kRoot / "docs", {".md"});
  all.push_back(kRoot / "README.md");
  return all;
}

struct Hit {
  fs::path file;
  int line = 0;
  std::string text;  // the first group of the pattern

  std::string place() const {
    return fs::relative(file, kRoot).string() + ":" + std::to_string(line);
  }
};

std::vector<Hit> hits(const fs::path& file, const std::regex& pattern) {
  std::vector<Hit> found;
  std::istringstream text(text_of(file));
  std::string line;
  for (int n = 1; std::getline(text, line); ++n) {
    for (std::sregex_iterator it(line.begin(), line.end(), pattern), end; it != end; ++it) {
      found.push_back({file, n, (*it)[1].str()});
    }
  }
  return found;
}

// As GitHub makes the anchor of a heading: lower case, spaces to dashes, other signs dropped.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) != 0 || c == '-' || c == '_') anchor += static_cast<char>(std::tolower(u));
    if (c == ' ') anchor += '-';
  }
  return anchor;
}

std::set<std::string> anchors_of(const fs::path& document) {
  std::set<std::string> anchors;
  for (const Hit& hit : hits(document, std::regex("^#+ (.*)$")))
    anchors.insert(anchor_of(hit.text));
  return anchors;
}

TEST(Links, LeadToFilesAndHeadingsThatExist) {
  const std::regex link(R"(\]\(([^)\s]+)\))");
  int n_links = 0;
  for (const fs::path& document : documents()) {
    for (const Hit& hit : hits(document, link)) {
      if (hit.text.find("://") != std::string::npos) continue;
      ++n_links;
      const std::size_t sharp = hit.text.find('#');
      const std::string path = hit.text.substr(0, sharp);
      const fs::path target = path.empty() ? document : document.parent_path() / path;
      EXPECT_TRUE(fs::exists(target)) << hit.place() << " links to " << hit.text;
      if (sharp == std::string::npos || target.extension() != ".md") continue;
      EXPECT_TRUE(anchors_of(target).contains(hit.text.substr(sharp + 1)))
          << hit.place() << " links to " << hit.text << ", a heading that is not there";
    }
  }
  EXPECT_GT(n_links, 20);
}

// A path with <name>, * or ... in it stands for many, or for one that the reader will write.
bool is_placeholder(const std::string& path) {
  return path.find_first_of("<*{") != std::string::npos || path.find("...") != std::string::npos;
}

std::string without_full_stop(std::string path) {
  while (path.ends_with('.') || path.ends_with('/') || path.ends_with(',')) path.pop_back();
  return path;
}

TEST(Paths, OfTheProjectThatDocumentsNameExist) {
  const std::regex path(
      R"((?:^|[^A-Za-z0-9_./-])((?:configs|docs|tests|src|include|envs|cmake|bench|tools)/[A-Za-z0-9_./<>*{,}-]+))");
  int n_paths = 0;
  for (const fs::path& document : documents()) {
    for (const Hit& hit : hits(document, path)) {
      if (is_placeholder(hit.text)) continue;
      ++n_paths;
      EXPECT_TRUE(fs::exists(kRoot / without_full_stop(hit.text)))
          << hit.place() << " names " << hit.text;
    }
  }
  EXPECT_GT(n_paths, 50);
}

TEST(Paths, OfDocumentsThatSourcesNameExist) {
  const std::regex path(R"((?:^|[^A-Za-z0-9_./-])(docs/[A-Za-z0-9_./*<>-]+\.(?:md|txt)))");
  int n_paths = 0;
  for (const char* folder : {"include", "src", "envs", "cmake", "bench", "tools"}) {
    for (const fs::path& file :
         files_of(kRoot / folder, {".h", ".cpp", ".inl", ".def", ".cmake", ".proto"})) {
      for (const Hit& hit : hits(file, path)) {
        if (is_placeholder(hit.text)) continue;
        ++n_paths;
        EXPECT_TRUE(fs::exists(kRoot / hit.text)) << hit.place() << " names " << hit.text;
      }
    }
  }
  EXPECT_GT(n_paths, 5);
}

// Suite.Test in the documents is a test of that name in that suite; a parameter or a type may stand
// between the two for CTest, not here.
TEST(Tests, ThatDocumentsNameExist) {
  std::map<std::string, std::set<std::string>> suites_of;  // by name of the test
  const std::regex definition(R"(^(?:TYPED_)?TEST(?:_P|_F)?\((\w+, *\w+)\))");
  for (const fs::path& file : files_of(kRoot / "tests", {".cpp"})) {
    for (const Hit& hit : hits(file, definition)) {
      const std::size_t comma = hit.text.find(',');
      const std::size_t name = hit.text.find_first_not_of(", ", comma);
      suites_of[hit.text.substr(name)].insert(hit.text.substr(0, comma));
    }
  }
  int n_named = 0;
  for (const fs::path& document : documents()) {
    for (const Hit& hit : hits(document, std::regex("`([A-Z]\\w+\\.[A-Z]\\w+)`"))) {
      ++n_named;
      const std::size_t dot = hit.text.find('.');
      const auto found = suites_of.find(hit.text.substr(dot + 1));
      EXPECT_TRUE(found != suites_of.end() && found->second.contains(hit.text.substr(0, dot)))
          << hit.place() << " names the test " << hit.text;
    }
  }
  EXPECT_GT(n_named, 20);
}

struct Output {
  std::string text;
  int status = -1;
};

Output run(const std::string& arguments) {
  Output output;
  const std::string command = std::string(QTOT_PROGRAM) + " " + arguments + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  std::array<char, 4096> buffer{};
  for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.text.append(buffer.data(), n);
  }
  output.status = ::pclose(pipe);
  return output;
}

TEST(Reference, OfTheConfigurationIsWhatTheProgramPrints) {
  const Output printed = run("config --reference");
  ASSERT_EQ(printed.status, 0) << printed.text;
  const std::string committed = text_of(kRoot / "docs/configuration.md");
  if (committed == printed.text) return;

  std::istringstream want(printed.text), got(committed);
  int n = 0;
  std::string w, g;
  do {
    ++n;
    w.clear();
    g.clear();
    std::getline(want, w);
    std::getline(got, g);
  } while (w == g && want && got);
  ADD_FAILURE() << "docs/configuration.md:" << n << "\n  is      " << g << "\n  printed " << w
                << "\nqtot config --reference > docs/configuration.md makes it anew";
}

// The verbs of `qtot verb` in a text and of lines of code that begin so.
std::vector<Hit> verbs_in(const fs::path& document) {
  const std::regex in_code("^ *qtot ([a-z]+)");
  const std::regex in_text("`qtot ([a-z]+)");
  std::vector<Hit> found;
  std::istringstream text(text_of(document));
  std::string line;
  bool is_code = false;
  for (int n = 1; std::getline(text, line); ++n) {
    if (line.find("```") != std::string::npos) is_code = !is_code;
    const std::regex& pattern = is_code ? in_code : in_text;
    for (std::sregex_iterator it(line.begin(), line.end(), pattern), end; it != end; ++it) {
      found.push_back({document, n, (*it)[1].str()});
    }
  }
  return found;
}

TEST(Commands, ThatDocumentsNameAreVerbs) {
  const Output help = run("--help");
  ASSERT_EQ(help.status, 0) << help.text;
  int n_named = 0;
  for (const fs::path& document : documents()) {
    for (const Hit& hit : verbs_in(document)) {
      ++n_named;
      EXPECT_NE(help.text.find("\n  " + hit.text + " "), std::string::npos)
          << hit.place() << " names the verb " << hit.text;
    }
  }
  EXPECT_GT(n_named, 20);
}

TEST(Readme, ShowsTheFingerprintThatTheQuickstartExpects) {
  std::string expected = text_of(kRoot / "docs/quickstart_fingerprint.txt");
  while (!expected.empty() && std::isspace(static_cast<unsigned char>(expected.back())) != 0) {
    expected.pop_back();
  }
  const std::string line = "fingerprint  " + expected + "\n";
  EXPECT_NE(text_of(kRoot / "README.md").find(line), std::string::npos) << "expected: " << line;
}

}  // namespace
}  // namespace qtot
