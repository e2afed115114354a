# Flags that every target of the project shares, and the one way to declare a folder's library.
add_library(bolide_flags INTERFACE)
target_include_directories(bolide_flags INTERFACE
  $<BUILD_INTERFACE:${CMAKE_CURRENT_LIST_DIR}/../include> $<BUILD_INTERFACE:${CMAKE_CURRENT_LIST_DIR}/../src>)
target_compile_options(bolide_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-missing-field-initializers -Werror -ffp-contract=off)
if(BOLIDE_SANITIZE)
  target_compile_options(bolide_flags INTERFACE -fsanitize=${BOLIDE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(bolide_flags INTERFACE -fsanitize=${BOLIDE_SANITIZE})
endif()

# bolide_all_exist(VARIABLE TARGET FILES...): whether all the files are here. If not, the target is left out with a
# warning, so that an unfinished folder does not keep others from building; with CI set it is an error.
function(bolide_all_exist variable target)
  foreach(file ${ARGN})
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file} AND NOT EXISTS ${file})
      if(DEFINED ENV{CI})
        message(FATAL_ERROR "${target}: ${file} is missing")
      endif()
      message(WARNING "${target} is left out: ${file} is missing")
      set(${variable} FALSE PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${variable} TRUE PARENT_SCOPE)
endfunction()

# bolide_folder(NAME SOURCES a.cpp b.cpp ALONE b.cpp LINKS base tensor): the static library of one folder of src/.
# LINKS are the only folders it may include from; tests/layering_test.py checks the same arrows.
# ALONE are sources that stay out of unity builds, since their internal names are taken in another source too.
function(bolide_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ALONE;LINKS" ${ARGN})
  bolide_all_exist(exist bolide_${name} ${ARG_SOURCES})
  if(NOT exist)
    return()
  endif()
  add_library(bolide_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(bolide_${name} PUBLIC bolide_flags)
  set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  foreach(link ${ARG_LINKS})
    target_link_libraries(bolide_${name} PUBLIC bolide_${link})
  endforeach()
endfunction()
