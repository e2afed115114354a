/// ONNX files to graphs.
///
///     TRY(Graph graph, import_onnx("model.onnx", {.shapes = {{"image", {1, 3, -1, -1}}}}));
///
/// IR versions 1 to 14 and all operator set versions; operators by the table in rules.cpp. Nodes may stand in any
/// order. Local functions are inlined. Initializers become constants, also where they are listed as graph inputs. Sizes
/// that the file names keep their names; unnamed unknown ones are called `<input>_<axis>`. Small integer arithmetic on
/// constants is done while importing; nothing else is rewritten.
#pragma once

#include "ir/graph.h"

#include <filesystem>
#include <functional>
#include <optional>

namespace bolide {

struct ImportOptions {
  /// Sizes of graph inputs; -1 keeps what the file says. A named dim that gets a size has it everywhere.
  std::map<std::string, Dims> shapes;
  /// The first size of the first input, where the file fixes it, may be any; so may it be in the other inputs that
  /// begin with it. Constant targets of Reshape follow.
  bool dynamic_batch = false;
  /// Asked for inputs of which the file states no rank, by place among the inputs and name; their sizes may be any.
  std::function<std::optional<int>(std::size_t index, std::string_view name)> rank_of = {};
};

/// What importing made of every node of a file, told also when it failed.
struct ImportReport {
  enum class Outcome : std::uint8_t {
    kRead,        ///< by a rule, or as a call of a function of the file
    kPlugin,      ///< left to a plugin
    kRefused,     ///< see problems
    kNotReached,  ///< known, and it waits for a node that is refused
  };
  struct Node {
    std::string place;  ///< "3"; "3/then_branch/0": node 0 of that body of node 3; "3/0": of the function that it calls
    std::string name;
    std::string op_type;
    std::string domain;  ///< empty: ai.onnx
    std::int64_t version = 0;
    Outcome outcome = Outcome::kRead;
    std::vector<std::string> problems;
  };
  std::string source;
  std::string doc;
  std::vector<Node> nodes;  ///< those inside of a node behind it; bodies of a node that is refused are left out
  std::vector<std::string> problems;  ///< about the file and its values
};

/// Errors: those of reading the file; else one error that tells everything wrong with it, a line each, by node name,
/// operator, attribute, reason and remedy. Unsupported when all of it is about what Bolide lacks.
/// Weights are not copied: the graph keeps the file mapped.
Result<Graph> import_onnx(const std::filesystem::path& path, const ImportOptions& options = {},
                          ImportReport* report = nullptr);
/// From memory that `owner` keeps alive (null: the caller does); external data is refused.
Result<Graph> import_onnx(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                          const ImportOptions& options = {}, ImportReport* report = nullptr);

}  // namespace bolide
