/// NumPy's .npy and .npz files.
#pragma once

#include <bolide/tensor.h>

#include <filesystem>
#include <string>

namespace bolide::cli {

/// Little-endian arrays of numbers and bool in C order. Errors: NotFound, BadFile (what does not fit), Unsupported for
/// other dtypes, byte orders and Fortran order.
Result<HostTensor> read_npy(const std::filesystem::path& path);
/// The array `name` of an archive, or its only one.
Result<HostTensor> read_npz(const std::filesystem::path& path, const std::string& name);
/// Version 1.0. Errors: Unsupported for dtypes NumPy has no name for (convert first); write errors.
Status write_npy(const std::filesystem::path& path, const HostTensor& tensor);
/// The same as bytes.
Result<std::string> to_npy(const HostTensor& tensor);
Result<HostTensor> from_npy(std::string_view bytes, const std::string& shown);

}  // namespace bolide::cli
