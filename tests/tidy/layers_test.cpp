// docs/layers.txt against the #includes of the tree.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tidy/source_files.h"

namespace qtot::tidy {
namespace {

namespace fs = std::filesystem;

// Made by the build: no file of the tree.
const std::set<std::string> kGenerated = {"qtot/version.h", "event.pb.h"};

// One module looks into another's private headers here, each for a reason.
const std::map<std::string, std::string> kPrivateAcross = {
    {"bench", "math"},     // the kernels of each instruction-set level, to measure them
    {"env_check", "env"},  // the options of the environment whose recording it replays
};

struct Layers {
  std::map<std::string, std::set<std::string>> modules;  // name -> what it may include
  std::map<std::string, std::set<std::string>> rooms;    // start of a header -> who may include it
};

Layers read_layers(const std::string& text) {
  Layers layers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t colon = line.find(':');
    std::istringstream words(line.substr(colon + 1));
    const std::set<std::string> names{std::istream_iterator<std::string>(words), {}};
    if (line[0] == '<') {
      layers.rooms[line.substr(1, colon - 1)] = names;
    } else {
      layers.modules[line.substr(0, colon)] = names;
    }
  }
  return layers;
}

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (const fs::path& part : fs::path(path)) parts.push_back(part.string());
  return parts;
}

// The module that owns a file of include/, src/, envs/ or bench/; see the head of docs/layers.txt.
std::string module_of(const std::string& path) {
  const std::vector<std::string> parts = parts_of(path);
  if (parts[0] == "envs") return "env";
  if (parts[0] == "bench") return "bench";
  if (parts[0] == "python") return "python";
  if (parts[0] == "src") return parts.at(2) == "core" ? parts[1] + "_core" : parts[1];
  if (parts.size() < 4) return "base";  // include/qtot/version.h.in
  const std::string twin =
      "src/" + parts[2] + "/core/" + fs::path(parts[3]).stem().string() + ".cpp";
  return fs::exists(top() / twin) ? parts[2] + "_core" : parts[2];
}

bool is_public(const std::string& path) {
  return path.starts_with("include/") || path.starts_with("bench/");
}

// The file of the tree that `#include "name"` in `from` means; empty when there is none.
std::string resolve(const std::string& name, const std::string& from) {
  const std::string beside = (fs::path(from).parent_path() / name).generic_string();
  for (const std::string& path : {"include/" + name, "src/" + name, name, beside}) {
    if (fs::exists(top() / path)) return path;
  }
  return "";
}

// What is wrong with `#include "name"` in a file of `module`; empty when nothing is.
std::string fault_of_own(const Layers& layers, const std::string& module, const std::string& name,
                         const std::string& from) {
  if (kGenerated.contains(name)) return "";
  const std::string path = resolve(name, from);
  if (path.empty()) return "there is no such file";
  const std::string owner = module_of(path);
  if (owner == module) return "";
  if (!layers.modules.at(module).contains(owner)) return module + " must not include " + owner;
  const auto across = kPrivateAcross.find(module);
  if (!is_public(path) && (across == kPrivateAcross.end() || across->second != owner)) {
    return "it is private to " + owner;
  }
  return "";
}

std::string fault_of_foreign(const Layers& layers, const std::string& module,
                             const std::string& name) {
  std::string room;  // the longest start that fits
  for (const auto& [start, allowed] : layers.rooms) {
    if (name.starts_with(start) && start.size() > room.size()) room = start;
  }
  if (room.empty()) {
    const bool is_standard = name.find_first_of("./") == std::string::npos;
    return is_standard ? "" : "this header has no room yet";
  }
  return layers.rooms.at(room).contains(module) ? "" : module + " must not include this header";
}

class LayersTest : public testing::Test {
 protected:
  const Layers layers_ = read_layers(read_text(top() / "docs/layers.txt"));
};

TEST_F(LayersTest, EveryIncludeIsAllowed) {
  const std::regex include(R"re(#include ([<"])([^>"]+)[>"])re");
  int n_includes = 0;
  for (const SourceFile& file : sources_under({"include", "src", "envs", "bench", "python"})) {
    const std::string module = module_of(file.path);
    ASSERT_TRUE(layers_.modules.contains(module)) << file.path << ": no line for " << module;
    for (std::sregex_iterator it(file.code.begin(), file.code.end(), include), end; it != end;
         ++it) {
      const std::string name = (*it)[2];
      const std::string fault = (*it)[1] == "<" ? fault_of_foreign(layers_, module, name)
                                                : fault_of_own(layers_, module, name, file.path);
      EXPECT_EQ(fault, "") << file.path << ": " << it->str() << " (docs/layers.txt)";
      ++n_includes;
    }
  }
  EXPECT_GT(n_includes, 500);
}

TEST_F(LayersTest, ModulesNameOnlyModulesOfEarlierLines) {
  std::set<std::string> earlier;
  std::istringstream lines(read_text(top() / "docs/layers.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#' || line[0] == '<') continue;
    const std::string name = line.substr(0, line.find(':'));
    for (const std::string& used : layers_.modules.at(name)) {
      EXPECT_TRUE(earlier.contains(used)) << name << " names " << used;
    }
    EXPECT_TRUE(earlier.insert(name).second) << name << " has two lines";
  }
}

TEST_F(LayersTest, EveryModuleAndRoomIsInUse) {
  std::set<std::string> modules;
  std::set<std::string> rooms_in_use;
  for (const SourceFile& file : sources_under({"include", "src", "envs", "bench", "python"})) {
    modules.insert(module_of(file.path));
    for (const auto& [start, allowed] : layers_.rooms) {
      if (file.code.find("#include <" + start) != std::string::npos) rooms_in_use.insert(start);
    }
  }
  for (const auto& [name, allowed] : layers_.modules) EXPECT_TRUE(modules.contains(name)) << name;
  const std::set<std::string> kept_shut = {"tbb/", "ctime", "google/"};  // other ways to them
  for (const auto& [start, allowed] : layers_.rooms) {
    EXPECT_TRUE(rooms_in_use.contains(start) || kept_shut.contains(start)) << start;
    for (const std::string& name : allowed) EXPECT_TRUE(layers_.modules.contains(name)) << name;
  }
}

TEST_F(LayersTest, AnUpwardAPrivateAndAForeignIncludeAreRefused) {
  const std::string from = "src/learner/learner.cpp";
  EXPECT_EQ(fault_of_own(layers_, "learner", "qtot/mixers/mixer.h", from), "");
  EXPECT_EQ(fault_of_own(layers_, "learner", "qtot/replay/ring.h", from),
            "learner must not include replay");
  EXPECT_EQ(fault_of_own(layers_, "learner", "math/isa.h", from), "it is private to math");
  EXPECT_EQ(fault_of_own(layers_, "learner", "qtot/no_such.h", from), "there is no such file");
  EXPECT_EQ(fault_of_foreign(layers_, "learner", "oneapi/tbb/flow_graph.h"),
            "learner must not include this header");
  EXPECT_EQ(fault_of_foreign(layers_, "learner", "vector"), "");
  EXPECT_EQ(fault_of_foreign(layers_, "metrics", "boost/crc.hpp"), "");
  EXPECT_EQ(fault_of_foreign(layers_, "metrics", "boost/archive/basic_archive.hpp"),
            "metrics must not include this header");
  EXPECT_EQ(fault_of_foreign(layers_, "metrics", "curl/curl.h"), "this header has no room yet");
}

}  // namespace
}  // namespace qtot::tidy
