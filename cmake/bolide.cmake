# Flags that every target of the project shares, and the one way to declare a folder's library.
add_library(bolide_flags INTERFACE)
target_include_directories(bolide_flags INTERFACE
  $<BUILD_INTERFACE:${CMAKE_CURRENT_LIST_DIR}/../include> $<BUILD_INTERFACE:${CMAKE_CURRENT_LIST_DIR}/../src>)
target_compile_options(bolide_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-missing-field-initializers -Werror -ffp-contract=off)
if(BOLIDE_SANITIZE)
  target_compile_options(bolide_flags INTERFACE -fsanitize=${BOLIDE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(bolide_flags INTERFACE -fsanitize=${BOLIDE_SANITIZE})
endif()

# bolide_folder(NAME SOURCES a.cpp b.cpp LINKS base tensor): the static library of one folder of src/.
# LINKS are the only folders it may include from; tests/layering_test.py checks the same arrows.
function(bolide_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(bolide_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(bolide_${name} PUBLIC bolide_flags)
  foreach(link ${ARG_LINKS})
    target_link_libraries(bolide_${name} PUBLIC bolide_${link})
  endforeach()
endfunction()
