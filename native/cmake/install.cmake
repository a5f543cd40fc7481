# What a package takes of the native parts: `cmake --install build/cmake --prefix DIR`. packaging/ puts the rest beside it.

install(TARGETS moorage_node LIBRARY DESTINATION .)

if(TARGET moorage)
  install(TARGETS moorage LIBRARY DESTINATION .)
  # Installed, it has Debian's libnode, which the linker finds by itself; the path of a copy below build/ must not come along.
  install(CODE "file(RPATH_REMOVE FILE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/libmoorage.so\")")
endif()

if(TARGET moorage_mesos)
  install(TARGETS moorage_mesos LIBRARY DESTINATION .)
  # A module belongs to one version of Mesos, which a package has to name.
  get_target_property(module_includes moorage_mesos INCLUDE_DIRECTORIES)
  find_file(MOORAGE_MESOS_VERSION_HEADER mesos/version.hpp PATHS ${module_includes} NO_DEFAULT_PATH NO_CACHE REQUIRED)
  file(STRINGS "${MOORAGE_MESOS_VERSION_HEADER}" mesos_version REGEX "define MESOS_VERSION \"")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" mesos_version "${mesos_version}")
  file(WRITE "${CMAKE_BINARY_DIR}/mesos-version" "${mesos_version}\n")
  install(FILES "${CMAKE_BINARY_DIR}/mesos-version" DESTINATION .)
else()
  file(REMOVE "${CMAKE_BINARY_DIR}/mesos-version")
endif()
