// A graph of ONNX (https://github.com/onnx/onnx/blob/main/docs/IR.md), built node by node.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/index.hpp"
#include "io/protocol_buffer.hpp"
#include "io/tensor_type.hpp"

namespace moelm {

/// The element types of inputs and outputs.
enum class OnnxType { f32 = 1, i64 = 7 };

/// A size that is known, or its name.
using OnnxSize = std::variant<Index, std::string>;

class OnnxGraph;

/// An attribute of a node: an integer, a text or a graph.
struct OnnxAttribute {
  std::string name;
  std::variant<Index, std::string, const OnnxGraph*> value;
};

/// Values are known by their names, which the graph makes. One thread at a time.
class OnnxGraph {
 public:
  /// `prefix` begins every name that the graph makes, so that a graph within another has names of its own.
  explicit OnnxGraph(std::string prefix = "") : prefix_(std::move(prefix)) {}

  /// Without sizes, any shape is accepted.
  void input(const std::string& name, OnnxType type, const std::vector<OnnxSize>& shape = {});
  /// Makes a value an output with the given name.
  void output(const std::string& value, const std::string& name, OnnxType type,
              const std::vector<OnnxSize>& shape = {});

  /// A node of the standard operators; returns its output.
  std::string add(std::string_view op, const std::vector<std::string>& inputs,
                  const std::vector<OnnxAttribute>& attributes = {});
  /// A node with `outputs` outputs.
  std::vector<std::string> add_many(std::string_view op, Index outputs, const std::vector<std::string>& inputs,
                                    const std::vector<OnnxAttribute>& attributes = {});

  /// A constant of one number, of a list of integers, of one integer.
  std::string number(float value);
  std::string integers(const std::vector<Index>& values);
  std::string integer(Index value);
  /// A tensor whose numbers are in another file of the same folder.
  void stored(const std::string& name, TensorType type, std::span<const Index> shape, const std::string& file,
              Index offset, Index bytes);

  /// The message GraphProto.
  std::string message(const std::string& name) const;

 private:
  std::string constant(OnnxType type, const std::vector<Index>& shape, std::string_view bytes);

  std::string prefix_;
  Index values_ = 0;
  ProtocolBuffer nodes_, constants_, ends_;
};

/// The message ModelProto with this graph, which uses the standard operators of version 17.
std::string onnx_model_message(const OnnxGraph& graph, const std::string& name);

}  // namespace moelm
