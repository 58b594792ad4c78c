#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "fuzz/targets.h"
#include "qtot/arrays/npz.h"
#include "qtot/base/error.h"
#include "qtot/oracle/check.h"
#include "qtot/oracle/unit_check.h"

namespace qtot::fuzz {
namespace {

// Whole files, which the recipe damages inside their members: what the container vouches for.
const std::vector<arrays::Npz>& originals() {
  static const std::vector<arrays::Npz> files = [] {
    const std::filesystem::path root = QTOT_SOURCE_DIR;
    std::vector<arrays::Npz> loaded;
    for (const char* name : {"conformance/cases/n1_t2_terminated", "conformance/cases/dense_iql",
                             "data/vectors/unit_lambda_targets", "data/vectors/unit_mixer_vdn",
                             "data/vectors/unit_schedule_tree"}) {
      loaded.push_back(arrays::Npz::load(root / "tests" / (std::string(name) + ".npz")));
    }
    return loaded;
  }();
  return files;
}

// Takes the recipe apart from the front; beyond its end everything is 0.
class Recipe {
 public:
  explicit Recipe(std::span<const std::byte> bytes) : rest_(bytes) {}

  bool is_over() const { return rest_.empty(); }
  std::size_t number(std::size_t n_bytes) {
    std::size_t value = 0;
    for (const std::byte b : take(n_bytes)) value = value << 8 | std::to_integer<std::size_t>(b);
    return value;
  }
  std::span<const std::byte> take(std::size_t n) {
    const auto front = rest_.first(std::min(n, rest_.size()));
    rest_ = rest_.subspan(front.size());
    return front;
  }

 private:
  std::span<const std::byte> rest_;
};

// Bytes of a member are written over, or the member is a text of its own, or it is missing.
void change(arrays::Npz& file, Recipe& recipe) {
  const std::vector<std::string> names = file.names();
  const std::string name = names[recipe.number(1) % names.size()];
  const arrays::Array old = file.at(name);
  switch (recipe.number(1) % 4) {
    case 0:
      file.erase(name);
      break;
    case 1: {
      const auto text = recipe.take(recipe.number(1));
      file.set(
          arrays::Array::of_text(name, {reinterpret_cast<const char*>(text.data()), text.size()}));
      break;
    }
    default: {
      std::vector<std::byte> raw(old.raw().begin(), old.raw().end());
      const std::size_t at = raw.empty() ? 0 : recipe.number(2) % raw.size();
      const auto bytes = recipe.take(1 + recipe.number(1) % 16);
      for (std::size_t i = 0; i < bytes.size() && at + i < raw.size(); ++i) raw[at + i] = bytes[i];
      file.set(arrays::Array(name, old.dtype(), old.shape(), std::move(raw), "f"));
    }
  }
}

}  // namespace

void oracle(std::span<const std::byte> bytes) {
  Recipe recipe(bytes);
  const arrays::Npz& original = originals()[recipe.number(1) % originals().size()];
  arrays::Npz file("f");
  for (const std::string& name : original.names()) {
    arrays::Array array = original.at(name);
    array.set_source("f");
    file.set(std::move(array));
  }
  while (!recipe.is_over() && !file.names().empty()) change(file, recipe);
  try {
    if (qtot::oracle::is_unit_file(file)) {
      qtot::oracle::check_unit(file, qtot::oracle::Dtype::kF64);
    } else {
      qtot::oracle::check(qtot::oracle::make_case(std::move(file)));
    }
  } catch (const Error& error) {
    if (error.exit_code() == ExitCode::kFailed) return;  // gradients that are not finite
    check_sentence(error.what(), "f: ");
  }
}

}  // namespace qtot::fuzz
