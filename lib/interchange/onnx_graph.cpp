#include "interchange/onnx_graph.hpp"

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/version.hpp"

namespace moelm {

namespace {

// Numbers of fields, as onnx.proto gives them.
enum class ModelField { ir_version = 1, producer_name = 2, producer_version = 3, graph = 7, opset_import = 8 };
enum class GraphField { node = 1, name = 2, initializer = 5, input = 11, output = 12 };
enum class NodeField { input = 1, output = 2, name = 3, op_type = 4, attribute = 5 };
enum class AttributeField { name = 1, integer = 3, text = 4, graph = 6, type = 20 };
enum class AttributeType { integer = 2, text = 3, graph = 5 };
enum class TensorField { dims = 1, data_type = 2, name = 8, raw_data = 9, external_data = 13, data_location = 14 };
enum class EntryField { key = 1, value = 2 };
enum class ValueField { name = 1, type = 2 };
enum class TypeField { tensor = 1 };
enum class TensorTypeField { element = 1, shape = 2 };
enum class ShapeField { size = 1 };
enum class SizeField { value = 1, name = 2 };
enum class OpsetField { version = 2 };

template <class Field>
void put(ProtocolBuffer& message, Field field, std::string_view bytes) {
  message.add_bytes(static_cast<int>(field), bytes);
}

template <class Field>
void put(ProtocolBuffer& message, Field field, Index number) {
  message.add_varint(static_cast<int>(field), static_cast<std::uint64_t>(number));
}

std::string shape_message(const std::vector<OnnxSize>& shape) {
  ProtocolBuffer message;
  for (const OnnxSize& size : shape) {
    ProtocolBuffer of_size;
    if (const auto* value = std::get_if<Index>(&size))
      put(of_size, SizeField::value, *value);
    else
      put(of_size, SizeField::name, std::get<std::string>(size));
    put(message, ShapeField::size, of_size.bytes());
  }
  return message.bytes();
}

std::string value_message(const std::string& name, OnnxType type, const std::vector<OnnxSize>& shape) {
  ProtocolBuffer tensor, of_type, message;
  put(tensor, TensorTypeField::element, static_cast<Index>(type));
  if (!shape.empty()) put(tensor, TensorTypeField::shape, shape_message(shape));
  put(of_type, TypeField::tensor, tensor.bytes());
  put(message, ValueField::name, name);
  put(message, ValueField::type, of_type.bytes());
  return message.bytes();
}

std::string attribute_message(const OnnxAttribute& attribute) {
  ProtocolBuffer message;
  put(message, AttributeField::name, attribute.name);
  AttributeType type = AttributeType::graph;
  if (const auto* integer = std::get_if<Index>(&attribute.value)) {
    put(message, AttributeField::integer, *integer);
    type = AttributeType::integer;
  } else if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    put(message, AttributeField::text, *text);
    type = AttributeType::text;
  } else {
    put(message, AttributeField::graph, std::get<const OnnxGraph*>(attribute.value)->message(attribute.name));
  }
  put(message, AttributeField::type, static_cast<Index>(type));
  return message.bytes();
}

/// The number of an element type in a tensor.
Index element_number(TensorType type) {
  constexpr Index kFloat = 1, kBfloat16 = 16;
  ensure(type == TensorType::f32 || type == TensorType::bf16, "weights are f32 or bf16");
  return type == TensorType::f32 ? kFloat : kBfloat16;
}

std::string external_entry(std::string_view key, std::string_view value) {
  ProtocolBuffer entry;
  put(entry, EntryField::key, key);
  put(entry, EntryField::value, value);
  return entry.bytes();
}

}  // namespace

void OnnxGraph::input(const std::string& name, OnnxType type, const std::vector<OnnxSize>& shape) {
  put(ends_, GraphField::input, value_message(name, type, shape));
}

void OnnxGraph::output(const std::string& value, const std::string& name, OnnxType type,
                       const std::vector<OnnxSize>& shape) {
  ProtocolBuffer node;
  put(node, NodeField::input, value);
  put(node, NodeField::output, name);
  put(node, NodeField::op_type, "Identity");
  put(nodes_, GraphField::node, node.bytes());
  put(ends_, GraphField::output, value_message(name, type, shape));
}

std::vector<std::string> OnnxGraph::add_many(std::string_view op, Index outputs, const std::vector<std::string>& inputs,
                                             const std::vector<OnnxAttribute>& attributes) {
  ProtocolBuffer node;
  for (const std::string& input : inputs) put(node, NodeField::input, input);
  std::vector<std::string> names;
  const std::string name = prefix_ + std::string(op) + "_" + std::to_string(values_++);
  for (Index i = 0; i < outputs; ++i) {
    names.push_back(outputs == 1 ? name : name + "_" + std::to_string(i));
    put(node, NodeField::output, names.back());
  }
  put(node, NodeField::name, name);
  put(node, NodeField::op_type, op);
  for (const OnnxAttribute& attribute : attributes) put(node, NodeField::attribute, attribute_message(attribute));
  put(nodes_, GraphField::node, node.bytes());
  return names;
}

std::string OnnxGraph::add(std::string_view op, const std::vector<std::string>& inputs,
                           const std::vector<OnnxAttribute>& attributes) {
  return add_many(op, 1, inputs, attributes).front();
}

std::string OnnxGraph::constant(OnnxType type, const std::vector<Index>& shape, std::string_view bytes) {
  const std::string name = prefix_ + "constant_" + std::to_string(values_++);
  ProtocolBuffer tensor;
  for (const Index size : shape) put(tensor, TensorField::dims, size);
  put(tensor, TensorField::data_type, static_cast<Index>(type));
  put(tensor, TensorField::name, name);
  put(tensor, TensorField::raw_data, bytes);
  put(constants_, GraphField::initializer, tensor.bytes());
  return name;
}

std::string OnnxGraph::number(float value) { return constant(OnnxType::f32, {}, little_bytes(value)); }

std::string OnnxGraph::integer(Index value) { return constant(OnnxType::i64, {}, little_bytes(std::int64_t{value})); }

std::string OnnxGraph::integers(const std::vector<Index>& values) {
  std::string bytes;
  for (const Index value : values) bytes += little_bytes(std::int64_t{value});
  return constant(OnnxType::i64, {static_cast<Index>(values.size())}, bytes);
}

void OnnxGraph::stored(const std::string& name, TensorType type, std::span<const Index> shape, const std::string& file,
                       Index offset, Index bytes) {
  constexpr Index kExternal = 1;
  ProtocolBuffer tensor;
  for (const Index size : shape) put(tensor, TensorField::dims, size);
  put(tensor, TensorField::data_type, element_number(type));
  put(tensor, TensorField::name, name);
  put(tensor, TensorField::external_data, external_entry("location", file));
  put(tensor, TensorField::external_data, external_entry("offset", std::to_string(offset)));
  put(tensor, TensorField::external_data, external_entry("length", std::to_string(bytes)));
  put(tensor, TensorField::data_location, kExternal);
  put(constants_, GraphField::initializer, tensor.bytes());
}

std::string OnnxGraph::message(const std::string& name) const {
  ProtocolBuffer named;
  put(named, GraphField::name, name);
  return nodes_.bytes() + named.bytes() + constants_.bytes() + ends_.bytes();
}

std::string onnx_model_message(const OnnxGraph& graph, const std::string& name) {
  constexpr Index kIrVersion = 8, kOperators = 17;
  ProtocolBuffer opset, model;
  put(opset, OpsetField::version, kOperators);
  put(model, ModelField::ir_version, kIrVersion);
  put(model, ModelField::producer_name, "moelm");
  put(model, ModelField::producer_version, version());
  put(model, ModelField::graph, graph.message(name));
  put(model, ModelField::opset_import, opset.bytes());
  return model.bytes();
}

}  // namespace moelm
