#include "import/onnx/reader.h"

#include "import/onnx/parser.h"

#include <limits>
#include <new>
#include <stdexcept>

namespace bolide::onnx {
namespace {

template <class Message>
Result<Message> read_message(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner) {
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
    return unsupported("the file has ", bytes.size(),
                       " bytes; a protobuf message ends at 4 GiB, larger models keep their weights in external data "
                       "files beside the model");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  try {
    Message out;
    if constexpr (requires { out.owner; }) out.owner = owner;
    TRY_OK(Parser(owner).read(Fields(text, text.data()), out));
    return out;
  } catch (const std::bad_alloc&) {
    return out_of_memory("the structure of the file's ", bytes.size(), " bytes does not fit in memory");
  } catch (const std::length_error&) {
    return out_of_memory("the structure of the file's ", bytes.size(), " bytes does not fit in memory");
  }
}

}  // namespace

Result<OnnxModel> read_model(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  if (bytes.empty()) return bad_file("the model file is empty");
  return read_message<OnnxModel>(bytes, owner);
}

Result<OnnxModel> read_model(std::shared_ptr<const MappedFile> file) {
  const auto bytes = file->bytes();
  return read_model(bytes, std::move(file));
}

Result<OnnxTensor> read_tensor(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  return read_message<OnnxTensor>(bytes, owner);
}

Result<OnnxSparseTensor> read_sparse_tensor(std::span<const std::byte> bytes,
                                            const std::shared_ptr<const void>& owner) {
  return read_message<OnnxSparseTensor>(bytes, owner);
}

Result<OnnxTensor> read_tensor(std::shared_ptr<const MappedFile> file) {
  const auto bytes = file->bytes();
  return read_tensor(bytes, std::move(file));
}

}  // namespace bolide::onnx
