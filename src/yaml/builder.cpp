#include "builder.h"

#include <cstddef>
#include <utility>

#include "qtot/base/error.h"
#include "scalar.h"

namespace qtot::yaml {
namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxKeys = 4096;
constexpr std::size_t kMaxKeySize = 256;  // yaml-cpp itself reads back keys below 1024

// yaml-cpp takes what follows an open bracket for a key when the text ends.
constexpr const char* kHint = "; is a bracket not closed?";

constexpr const char* kQuoted = "!";  // yaml-cpp's tag of a scalar in quotes or in a block

}  // namespace

void Builder::OnDocumentStart(const YAML::Mark& mark) {
  if (++n_documents_ > 1) throw Error(origin(mark) + ": a second document begins, expected one");
}

void Builder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  check_plain(mark, "", anchor);
  if (expects_key()) throw Error(origin(mark) + ": expected a key, found nothing" + kHint);
  add({{}, origin(mark)});
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
  throw Error(origin(mark) + ": anchors and aliases are not supported");
}

void Builder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       const std::string& text) {
  check_plain(mark, tag, anchor);
  config::Value value =
      tag == kQuoted ? config::Value{text, origin(mark)} : plain_scalar(text, origin(mark));
  if (expects_key()) {
    add_key(value);
  } else {
    add(std::move(value));
  }
}

void Builder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                              YAML::EmitterStyle::value) {
  check_plain(mark, tag, anchor);
  open(mark, {config::List(), origin(mark)});
}

void Builder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) {
  check_plain(mark, tag, anchor);
  open(mark, {config::Map(), origin(mark)});
}

void Builder::check_plain(const YAML::Mark& mark, const std::string& tag,
                          YAML::anchor_t anchor) const {
  if (anchor != 0) throw Error(origin(mark) + ": anchors and aliases are not supported");
  if (!tag.empty() && tag != "?" && tag != kQuoted) {
    throw Error(origin(mark) + ": tags are not supported");
  }
}

bool Builder::expects_key() const {
  return !open_.empty() && !open_.back().has_key &&
         std::holds_alternative<config::Map>(open_.back().value.data);
}

void Builder::open(const YAML::Mark& mark, config::Value value) {
  if (expects_key()) {
    throw Error(origin(mark) + ": expected text as key, found " + value.kind() + kHint);
  }
  if (open_.size() == kMaxDepth) {
    throw Error(origin(mark) + ": nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  open_.push_back({std::move(value), {}, "", false});
}

void Builder::close() {
  config::Value value = std::move(open_.back().value);
  open_.pop_back();
  add(std::move(value));
}

void Builder::add_key(const config::Value& key) {
  const auto* text = std::get_if<std::string>(&key.data);
  if (text == nullptr) {
    throw Error(key.origin + ": expected text as key, found " + key.kind() + " (" + key.text() +
                ")" + kHint);
  }
  if (text->size() > kMaxKeySize) {
    throw Error(key.origin + ": a key is longer than " + std::to_string(kMaxKeySize) + " bytes");
  }
  Open& map = open_.back();
  if (!map.keys.insert(*text).second) {
    throw Error(key.origin + ": the key " + config::key_text(*text) + " stands twice");
  }
  if (map.keys.size() > kMaxKeys) {
    throw Error(key.origin + ": a map has more than " + std::to_string(kMaxKeys) + " keys");
  }
  map.key = *text;
  map.has_key = true;
}

void Builder::add(config::Value value) {
  if (open_.empty()) {
    root_ = std::move(value);
    return;
  }
  Open& parent = open_.back();
  if (auto* list = std::get_if<config::List>(&parent.value.data)) {
    list->push_back(std::move(value));
  } else {
    std::get<config::Map>(parent.value.data).emplace_back(parent.key, std::move(value));
    parent.has_key = false;
  }
}

}  // namespace qtot::yaml
