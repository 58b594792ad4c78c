#include "arrays/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "arrays/checked.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::arrays {
namespace {

using nlohmann::json;

struct TypeName {
  std::string_view name;
  Dtype dtype;
};

constexpr std::array<TypeName, 13> kTypeNames = {{
    {"F16", Dtype::kFloat16},
    {"BF16", Dtype::kBfloat16},
    {"F32", Dtype::kFloat32},
    {"F64", Dtype::kFloat64},
    {"I8", Dtype::kInt8},
    {"I16", Dtype::kInt16},
    {"I32", Dtype::kInt32},
    {"I64", Dtype::kInt64},
    {"U8", Dtype::kUint8},
    {"U16", Dtype::kUint16},
    {"U32", Dtype::kUint32},
    {"U64", Dtype::kUint64},
    {"BOOL", Dtype::kBool},
}};

// Takes the text event by event, so that a header that is not of the form ends the reading where it
// leaves it: no tree is built, no nesting is followed, no key is silently replaced by a later one.
class HeaderReader final : public nlohmann::json_sax<json> {
 public:
  explicit HeaderReader(const std::string& source) : source_(source) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool null() override { return refuse("null"); }
  bool boolean(bool value) override { return refuse(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return refuse(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override {
    return refuse(printable(text));
  }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool number_unsigned(number_unsigned_t value) override;
  bool string(string_t& text) override;
  bool start_object(std::size_t) override;
  bool key(string_t& text) override;
  bool end_object() override;
  bool start_array(std::size_t) override;
  bool end_array() override;
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    fail("is no JSON: unexpected at byte " + std::to_string(position));
  }

 private:
  // What the text may go on with.
  enum class State {
    kStart,          // {
    kNames,          // name of a tensor, or }
    kTensorStart,    // {
    kTensorKeys,     // key of a tensor, or }
    kDtype,          // string
    kShapeStart,     // [
    kShape,          // number, or ]
    kOffsetsStart,   // [
    kOffsets,        // number, or ]
    kMetadataStart,  // {
    kMetadataKeys,   // string, or }
    kMetadataValue,  // string
    kEnd,
  };

  [[noreturn]] void fail(const std::string& what) const {
    throw Error((in_tensor() ? place_of(source_, header_.tensors.back().name) : source_) +
                ": safetensors header " + what);
  }
  bool refuse(const std::string& found) const {
    fail("expected " + std::string(expected()) + ", found " + found);
  }
  std::string_view expected() const;
  bool in_tensor() const { return state_ >= State::kTensorStart && state_ <= State::kOffsets; }
  TensorEntry& tensor() { return header_.tensors.back(); }
  void start_tensor(const std::string& name);
  void finish_tensor();

  const std::string& source_;
  State state_ = State::kStart;
  SafetensorsHeader header_;
  std::set<std::string> names_;         // of tensors, and kMetadataKey
  std::set<std::string> tensor_keys_;   // seen in the tensor that is open
  std::vector<std::uint64_t> offsets_;  // of the tensor that is open
  std::string metadata_key_;
};

std::string_view HeaderReader::expected() const {
  switch (state_) {
    case State::kStart:
      return "an object";
    case State::kNames:
      return "the name of a tensor";
    case State::kTensorStart:
      return "an object with dtype, shape and data_offsets";
    case State::kTensorKeys:
      return "one of dtype, shape and data_offsets, each once";
    case State::kDtype:
      return "a dtype as a string";
    case State::kShapeStart:
      return "a shape as an array";
    case State::kShape:
      return "at most 16 dimensions, integers from 0 on";
    case State::kOffsetsStart:
    case State::kOffsets:
      return "data_offsets as an array of two integers from 0 on";
    case State::kMetadataStart:
      return "__metadata__ as an object";
    case State::kMetadataKeys:
      return "a key of __metadata__, each once";
    case State::kMetadataValue:
      return "a value of __metadata__ as a string";
    case State::kEnd:
      return "nothing behind the object";
  }
  return "";
}

bool HeaderReader::number_unsigned(number_unsigned_t value) {
  if (state_ == State::kShape && tensor().shape.size() < kMaxDims) {
    tensor().shape.push_back(value);
    return true;
  }
  if (state_ == State::kOffsets && offsets_.size() < 2) {
    offsets_.push_back(value);
    return true;
  }
  return refuse(std::to_string(value));
}

bool HeaderReader::string(string_t& text) {
  const std::string shown = "\"" + printable(text) + "\"";
  if (state_ == State::kMetadataValue) {
    header_.metadata[metadata_key_] = text;
    state_ = State::kMetadataKeys;
    return true;
  }
  if (state_ != State::kDtype) return refuse(shown);
  const auto* const found = std::ranges::find(kTypeNames, text, &TypeName::name);
  if (found == kTypeNames.end()) fail("has a dtype that is not read: " + shown);
  tensor().dtype = found->dtype;
  state_ = State::kTensorKeys;
  return true;
}

bool HeaderReader::start_object(std::size_t) {
  switch (state_) {
    case State::kStart:
      state_ = State::kNames;
      return true;
    case State::kTensorStart:
      state_ = State::kTensorKeys;
      return true;
    case State::kMetadataStart:
      state_ = State::kMetadataKeys;
      return true;
    default:
      return refuse("an object");
  }
}

bool HeaderReader::key(string_t& text) {
  const std::string shown = "\"" + printable(text) + "\"";
  if (state_ == State::kNames) {
    if (!names_.insert(text).second) fail("has the name " + shown + " twice");
    if (text == kMetadataKey) {
      state_ = State::kMetadataStart;
    } else {
      start_tensor(text);
    }
    return true;
  }
  if (state_ == State::kMetadataKeys) {
    if (header_.metadata.contains(text)) refuse(shown + " again");
    metadata_key_ = text;
    state_ = State::kMetadataValue;
    return true;
  }
  QTOT_CHECK(state_ == State::kTensorKeys);  // a key is met in objects alone, and these are all
  if (!tensor_keys_.insert(text).second) refuse(shown + " again");
  if (text == "dtype") {
    state_ = State::kDtype;
  } else if (text == "shape") {
    state_ = State::kShapeStart;
  } else if (text == "data_offsets") {
    state_ = State::kOffsetsStart;
  } else {
    refuse(shown);
  }
  return true;
}

void HeaderReader::start_tensor(const std::string& name) {
  if (header_.tensors.size() == kMaxMembers) {
    fail("has more than " + std::to_string(kMaxMembers) + " tensors");
  }
  header_.tensors.emplace_back().name = name;
  tensor_keys_.clear();
  offsets_.clear();
  state_ = State::kTensorStart;
}

void HeaderReader::finish_tensor() {
  for (const char* key : {"dtype", "shape", "data_offsets"}) {
    if (!tensor_keys_.contains(key)) fail("lacks " + std::string(key));
  }
  tensor().begin = offsets_[0];
  tensor().end = offsets_[1];
}

bool HeaderReader::end_object() {
  switch (state_) {
    case State::kNames:
      state_ = State::kEnd;
      return true;
    case State::kTensorKeys:
      finish_tensor();
      state_ = State::kNames;
      return true;
    case State::kMetadataKeys:
      state_ = State::kNames;
      return true;
    default:
      return refuse("the end of an object");
  }
}

bool HeaderReader::start_array(std::size_t) {
  if (state_ == State::kShapeStart) {
    state_ = State::kShape;
  } else if (state_ == State::kOffsetsStart) {
    state_ = State::kOffsets;
  } else {
    refuse("an array");
  }
  return true;
}

bool HeaderReader::end_array() {
  if (state_ == State::kOffsets && offsets_.size() != 2) {
    refuse(std::to_string(offsets_.size()) + " of them");
  }
  QTOT_CHECK(state_ == State::kShape || state_ == State::kOffsets);  // no other array is begun
  state_ = State::kTensorKeys;
  return true;
}

std::string json_text(std::string_view text) {
  return json(text).dump();
}

}  // namespace

SafetensorsHeader parse_header(std::string_view text, const std::string& source) {
  // the format says so; the parser would also take a byte order mark
  if (!text.starts_with('{')) throw Error(source + ": safetensors header does not begin with {");
  HeaderReader reader(source);
  json::sax_parse(text, &reader);
  return reader.take();
}

std::string header_text(const SafetensorsHeader& header) {
  std::string text = "{";
  const auto comma = [&text] { return std::string(text.ends_with('{') ? "" : ","); };
  if (!header.metadata.empty()) {
    text += json_text(kMetadataKey) + ":{";
    for (const auto& [key, value] : header.metadata) {
      text += comma() + json_text(key) + ":" + json_text(value);
    }
    text += "}";
  }
  for (const TensorEntry& tensor : header.tensors) {
    const auto* const type = std::ranges::find(kTypeNames, tensor.dtype, &TypeName::dtype);
    text += comma() + json_text(tensor.name) + ":{\"dtype\":\"" + std::string(type->name) +
            "\",\"shape\":" + json(tensor.shape).dump() + ",\"data_offsets\":[" +
            std::to_string(tensor.begin) + "," + std::to_string(tensor.end) + "]}";
  }
  return text + "}";
}

}  // namespace qtot::arrays
