/// A network under construction, layer by layer or from a file. Shapes are known at once, before anything is built.
///
///     bolide::Network network;
///     auto x = network.input("image", bolide::DataType::kF32, "[batch,1,28,28]");
///     auto y = network.conv(x, {.weights = w, .bias = b, .strides = {2, 2}, .pads = {1, 1, 1, 1}});
///     y = network.relu(y);
///     network.output(y, "features");
///     if (!network.status()) { ... }           // the first error, with the layer's name
///
/// After a layer fails, it and all that follow from it return an empty reference; `status()` keeps the first error, so
/// that a network can be written without a check at every line. Errors speak of the layer's name, its operator and the
/// shapes that disagree.
#pragma once

#include <bolide/tensor.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bolide {

/// A value of a network. Cheap to copy; valid as long as the network lives.
struct TensorRef {
  int id = -1;
  explicit operator bool() const { return id >= 0; }
};

/// A value as readers see it.
struct TensorInfo {
  std::string name;
  DataType dtype = DataType::kF32;
  std::string shape;                      ///< "[batch,3,224,224]": sizes may be names and expressions over them
  Dims dims;                              ///< the same with -1 where the size has a name in it
  std::vector<TensorInfo> elements = {};  ///< what a sequence or optional holds; keys and values of a map
};

/// A layer as readers see it.
struct LayerInfo {
  std::string name;
  std::string op;
  std::string attributes;           ///< "strides=[2,2] pads=[1,1,1,1]"
  std::vector<std::string> inputs;  ///< names of values; "" where left out
  std::vector<std::string> outputs;
};

/// Attributes of a convolution: weights [oc, ic/groups, k...], optional bias [oc]. Empty lists mean 1, 0 and 1.
/// `pads` gives all begins, then all ends.
struct ConvSpec {
  HostTensor weights;
  HostTensor bias;
  Dims strides;
  Dims pads;
  Dims dilations;
  std::int64_t groups = 1;
  std::string name;
};
struct PoolSpec {
  Dims kernel;
  Dims strides;
  Dims pads;
  bool ceil_mode = false;
  bool count_include_pad = false;
  std::string name;
};

class BOLIDE_API Network {
 public:
  Network();
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  // Values -------------------------------------------------------------------------------------------------------
  /// `shape` as text: numbers, names and expressions over names.
  TensorRef input(std::string_view name, DataType type, std::string_view shape);
  TensorRef constant(const HostTensor& tensor, std::string_view name = {});
  /// Marks a value as an output under its own or another name. Any value of the network can be one.
  void output(TensorRef value, std::string_view name = {});
  /// The same by name. Errors: NotFound with the nearest names.
  Status mark_output(std::string_view name);

  // Layers: the ones most networks are made of ---------------------------------------------------------------------
  TensorRef conv(TensorRef x, const ConvSpec& spec);
  TensorRef conv_transpose(TensorRef x, const ConvSpec& spec);  ///< weights [ic, oc/groups, k...]
  /// y = x w + bias; x [..., k], w [k, n], bias [n] (may be empty)
  TensorRef fully_connected(TensorRef x, const HostTensor& weights, const HostTensor& bias, std::string_view name = {});
  TensorRef matmul(TensorRef a, TensorRef b, std::string_view name = {});
  TensorRef batch_norm(TensorRef x, const HostTensor& scale, const HostTensor& bias, const HostTensor& mean,
                       const HostTensor& variance, float epsilon = 1e-5F, std::string_view name = {});
  TensorRef relu(TensorRef x, std::string_view name = {});
  TensorRef sigmoid(TensorRef x, std::string_view name = {});
  TensorRef clip(TensorRef x, float low, float high, std::string_view name = {});
  TensorRef add(TensorRef a, TensorRef b, std::string_view name = {});
  TensorRef mul(TensorRef a, TensorRef b, std::string_view name = {});
  TensorRef max_pool(TensorRef x, const PoolSpec& spec);
  TensorRef average_pool(TensorRef x, const PoolSpec& spec);
  TensorRef global_average_pool(TensorRef x, std::string_view name = {});
  TensorRef softmax(TensorRef x, std::int64_t axis = -1, std::string_view name = {});
  TensorRef concat(const std::vector<TensorRef>& values, std::int64_t axis, std::string_view name = {});
  TensorRef reshape(TensorRef x, const Dims& dims, std::string_view name = {});  ///< 0 copies a size, -1 is inferred
  TensorRef transpose(TensorRef x, const Dims& perm, std::string_view name = {});

  // Layers: every operator ----------------------------------------------------------------------------------------
  /// The operator of that name with attributes as text, e.g. layer("LeakyRelu", "alpha=0.1", {x}). An empty reference
  /// among the inputs leaves out an optional one. `bolide operators` lists names and attributes.
  TensorRef layer(std::string_view op, std::string_view attributes, const std::vector<TensorRef>& inputs,
                  std::string_view name = {});
  /// The same for operators with several outputs.
  std::vector<TensorRef> layers(std::string_view op, std::string_view attributes, const std::vector<TensorRef>& inputs,
                                int outputs, std::string_view name = {});

  // Reading back --------------------------------------------------------------------------------------------------
  TensorInfo info(TensorRef value) const;
  Result<TensorRef> find(std::string_view name) const;
  std::vector<LayerInfo> layer_list() const;  ///< in running order
  std::vector<TensorInfo> inputs() const;
  std::vector<TensorInfo> outputs() const;
  /// "ONNX IR 8, opset ai.onnx 17, producer pytorch 2.1.0" for imported networks.
  std::string source() const;
  std::string text() const;  ///< the whole network as text
  std::string dot() const;   ///< for Graphviz, every edge labelled with its dims

  /// The first error of any layer; success when there was none.
  Status status() const;

  /// The scale of the DequantizeLinear that an output comes from (through operators that only move numbers), when its
  /// scale is one known number; 1 for integer outputs.
  std::optional<double> quantisation_step(std::string_view output) const;
  /// Runs the network as it stands by the operators' own definitions: no optimisation, sums in double. Slow; this is
  /// the specification that engines are compared with. Outputs in the order of `outputs()`. `seconds`: what it may
  /// take, any time when not above 0. Errors: Cancelled beyond that.
  Result<std::vector<HostTensor>> evaluate(const std::vector<std::pair<std::string, HostTensor>>& inputs,
                                           double seconds = 0) const;

  struct State;
  State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// An operator that Network::layer takes.
struct OperatorInfo {
  std::string name;
  int min_inputs = 0;
  int max_inputs = 0;                   ///< -1: any number
  std::vector<std::string> attributes;  ///< "strides integers", "alpha number", "mode constant|reflect|edge"
  bool cuda = false;                    ///< has kernels for NVIDIA GPUs, of some forms at least; else runs on the host
};
BOLIDE_API std::vector<OperatorInfo> operator_list();

/// One node of a model file, as importing left it.
struct FileNode {
  enum class Outcome : std::uint8_t {
    kRead,        ///< its work is in the network
    kPlugin,      ///< a plugin does it
    kRefused,     ///< `problems` say why
    kNotReached,  ///< the operator is known; the node waits for one that is refused
  };
  std::string place;  ///< its index; "3/then_branch/0": node 0 of that body of node 3; "3/0": of the function it calls
  std::string name;   ///< as layers and steps name it; made from the operator and an output where the file has none
  std::string op;
  std::string domain;  ///< empty: ai.onnx
  std::int64_t version = 0;
  Outcome outcome = Outcome::kRead;
  std::vector<std::string> problems;
};
/// What a model file holds, told also when it cannot be imported.
struct FileReport {
  std::string source;  ///< as Network::source()
  std::string doc;     ///< what the file says about itself
  std::vector<FileNode> nodes;
  std::vector<std::string> problems;  ///< about the file and its values
};

/// Reads model files into networks. All problems of a file are reported at once.
class BOLIDE_API OnnxParser {
 public:
  struct Options {
    /// Sizes that replace the file's, by input name; -1 keeps the file's own.
    std::vector<std::pair<std::string, Dims>> shapes;
    /// The batch that the file fixes, the first size of its first input, becomes the name "batch": any size. Inputs
    /// that begin with the same size and constant targets of Reshape follow.
    bool dynamic_batch = false;
    /// Asked for inputs of which the file states no rank, by place among the inputs and name; their sizes may be any.
    std::function<std::optional<int>(std::size_t index, std::string_view name)> rank_of = {};
  };
  /// `report`, where given, is filled in either case.
  static Result<Network> parse_file(const std::filesystem::path& path, const Options& options,
                                    FileReport* report = nullptr);
  static Result<Network> parse_file(const std::filesystem::path& path) { return parse_file(path, Options{}); }
  /// From memory, which is copied. External data is refused: there is no folder to look in.
  static Result<Network> parse_bytes(std::span<const std::byte> bytes, const Options& options);
};

}  // namespace bolide
