// Decodes the input as a picture, and takes it as a regular expression.
#include <bolide/media.h>

#include <cstdlib>

#include "ops/image_decoder.h"
#include "ops/strings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bolide::use_media();
  const bolide::Tensor file =
      bolide::Tensor::borrow(bolide::DataType::kU8, {static_cast<std::int64_t>(size)}, data, nullptr);
  const bolide::Tensor* inputs[] = {&file};
  bolide::EvalContext context;
  const auto picture = bolide::ImageDecoder{}.evaluate(inputs, context);
  if (!picture && picture.error().code != bolide::Code::kOutOfMemory) std::abort();

  const bolide::Tensor text = bolide::Tensor::of<std::string>(std::vector<std::string>{"some text"});
  const bolide::Tensor* texts[] = {&text};
  const std::string pattern(reinterpret_cast<const char*>(data), size < 1000 ? size : 1000);
  (void)bolide::RegexFullMatch{.pattern = pattern}.evaluate(texts, context);
  return 0;
}
