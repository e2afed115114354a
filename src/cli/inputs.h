/// Inputs for runs: from files, or random and reproducible.
#pragma once

#include "cli/command.h"
#include "cli/model_options.h"

#include <map>

namespace bolide::cli {

using NamedInputs = std::vector<std::pair<std::string, HostTensor>>;

/// How to fill random inputs.
struct FillOptions {
  std::uint64_t seed = 1;
  std::vector<std::string> ranges;  ///< NAME=LOW:HIGH; NAME=V:V gives a constant
};
void add_fill_options(CLI::App& app, FillOptions& options);

/// Floats standard normal, integers 0 or 1, booleans both; NAME=LOW:HIGH draws uniformly (integers inclusive).
/// The same seed gives the same numbers on every machine.
Result<NamedInputs> random_inputs(const std::vector<TensorInfo>& inputs,
                                  const std::vector<std::pair<std::string, Dims>>& shapes, const FillOptions& options);

/// How pictures become tensors.
struct ImageOptions {
  std::string channels = "rgb";    ///< rgb, bgr or gray
  std::vector<float> mean;         ///< per channel, in the units of the pixels after scaling; default 0
  std::vector<float> std;          ///< per channel; default 1
  float scale = 1.0F / 255.0F;     ///< pixels 0..255 are multiplied by it first
  std::string resize = "stretch";  ///< stretch, or crop: shorter side to the size, then the centre
};
/// --input, and how pictures become tensors.
void add_input_options(CLI::App& app, std::vector<std::string>& assignments, ImageOptions& images);
/// What is wrong with NAME=FILE; empty when nothing is.
std::string is_assignment(const std::string& text);

/// NAME=FILE with .npy, .npz (member NAME, or the only one), .pb (TensorProto), .png, .jpg.
/// Pictures are resized (bilinear) to the input's height and width, [n,c,h,w] or [n,h,w,c].
Result<NamedInputs> read_inputs(const std::vector<std::string>& assignments, const std::vector<TensorInfo>& inputs,
                                const ImageOptions& images);

/// A tensor of one element in the rank that the model takes, with a warning: a scalar where it says [1], or the other
/// way round. Others as they are.
HostTensor fit_rank(HostTensor tensor, const TensorInfo& info);

/// All inputs of the engine in its order: those given, with their sizes; the rest random, with the sizes of the first
/// --shapes.
Result<NamedInputs> complete_inputs(NamedInputs given, const Engine& engine, const ModelOptions& model,
                                    const FillOptions& fill);

}  // namespace bolide::cli
