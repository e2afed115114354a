/// What becomes of every node, noted while importing goes on.
#pragma once

#include "import/onnx/importer.h"
#include "import/onnx/problems.h"

namespace bolide::onnx {

class Outcomes {
 public:
  /// A node that is imported again (the body of a Loop, in rounds) keeps its place and takes the last outcome.
  void note(const NodeLabel& node, ImportReport::Outcome outcome);
  /// All of them in the order of the file, refused those that problems are about.
  void write(const Problems& problems, ImportReport& report) &&;

 private:
  std::vector<ImportReport::Node> nodes_;
  std::map<std::string, std::size_t, std::less<>> by_place_;
};

}  // namespace bolide::onnx
