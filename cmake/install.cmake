# What `cmake --install` puts down: the tool, libbolide.so, the public headers and the package for find_package(Bolide).
# The shared library links the folders' static libraries PRIVATE: they are inside it and are not installed.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(TARGET bolide_shared)
  set_target_properties(bolide_shared PROPERTIES
    OUTPUT_NAME bolide EXPORT_NAME bolide VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
  target_compile_features(bolide_shared INTERFACE cxx_std_20)
  target_include_directories(bolide_shared INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  if(NOT TARGET Bolide::bolide)
    add_library(Bolide::bolide ALIAS bolide_shared)
  endif()

  if(TARGET bolide_media_shared)
    set_target_properties(bolide_media_shared PROPERTIES
      OUTPUT_NAME bolide_media EXPORT_NAME media VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
      INSTALL_RPATH "$ORIGIN")
    add_library(Bolide::media ALIAS bolide_media_shared)
    install(TARGETS bolide_media_shared EXPORT BolideTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  endif()

  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Bolide)
  install(TARGETS bolide_shared EXPORT BolideTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/bolide DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
  install(EXPORT BolideTargets NAMESPACE Bolide:: DESTINATION ${package_dir})
  configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/BolideConfig.cmake.in ${PROJECT_BINARY_DIR}/BolideConfig.cmake
    INSTALL_DESTINATION ${package_dir})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/BolideConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/BolideConfig.cmake ${PROJECT_BINARY_DIR}/BolideConfigVersion.cmake
    DESTINATION ${package_dir})
endif()

if(TARGET bolide)
  set_target_properties(bolide PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  install(TARGETS bolide RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
