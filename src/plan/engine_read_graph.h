/// The graph section of an engine file, and the weights section that its constants lie in.
#pragma once

#include "plan/step_graph.h"

#include <cstddef>
#include <memory>
#include <span>

namespace bolide {

/// Constants (but strings) borrow `weights`, which `owner` keeps alive. `minor` is of the file's format. Errors:
/// BadFile for what is damaged, left over or contradicts itself; Unsupported for operators that this build does not
/// have.
Result<std::shared_ptr<const StepGraph>> read_graph_section(std::span<const std::byte> bytes,
                                                            std::span<const std::byte> weights,
                                                            std::shared_ptr<const void> owner, std::uint32_t minor);

}  // namespace bolide
