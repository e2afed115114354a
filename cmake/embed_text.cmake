# cmake -DOUTPUT=file.cpp -DFILES="a.cu;b.cu" -P embed_text.cmake
# Writes the table of kernel texts of src/backend/cuda/text/kernel_text.h, each file as an array of bytes.
set(arrays "")
set(rows "")
set(index 0)
foreach(file IN LISTS FILES)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  get_filename_component(name ${file} NAME_WE)
  string(APPEND arrays "constexpr unsigned char kText${index}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", {reinterpret_cast<const char*>(kText${index}), sizeof(kText${index}) - 1}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"backend/cuda/text/kernel_text.h\"

#include <array>

namespace bolide::cuda {
namespace {
${arrays}
const std::array<KernelText, ${index}> kTexts = {{
${rows}}};
}  // namespace

std::span<const KernelText> kernel_texts() { return kTexts; }

}  // namespace bolide::cuda
")
