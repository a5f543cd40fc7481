# What the build needs from the machine and from node_modules. Each missing thing ends the configuration with what to do.

set(NODE_API_HEADERS "${MOORAGE_TOP}/node_modules/node-api-headers/include")
set(NODE_ADDON_API "${MOORAGE_TOP}/node_modules/node-addon-api")
foreach(header "${NODE_API_HEADERS}/node_api.h" "${NODE_ADDON_API}/napi.h")
  if(NOT EXISTS "${header}")
    message(FATAL_ERROR "${header} is missing. Run `npm ci` in ${MOORAGE_TOP} first.")
  endif()
endforeach()

find_package(CURL 7.85)
if(NOT CURL_FOUND)
  message(FATAL_ERROR "libcurl 7.85 or newer with headers is missing. On Debian: apt-get install libcurl4-openssl-dev")
endif()
find_package(Threads REQUIRED)

if(MOORAGE_EMBED)
  set(MOORAGE_NODE_INCLUDE "${MOORAGE_LIBNODE}/include/nodejs/src")
  # The headers say which library is theirs: its number is that of Node's ABI, 108 for 18 and 115 for 20.
  set(node_version_header "${MOORAGE_NODE_INCLUDE}/node_version.h")
  set(node_abi "<ABI>")
  if(EXISTS "${node_version_header}")
    file(STRINGS "${node_version_header}" node_abi REGEX "^#define NODE_MODULE_VERSION [0-9]+$")
    string(REGEX REPLACE "^.* " "" node_abi "${node_abi}")
  endif()
  file(GLOB libnode_found "${MOORAGE_LIBNODE}/lib/*-linux-gnu/libnode.so.${node_abi}" "${MOORAGE_LIBNODE}/lib/libnode.so.${node_abi}")
  if(NOT EXISTS "${MOORAGE_NODE_INCLUDE}/node.h" OR NOT libnode_found)
    message(FATAL_ERROR "libnode is not below ${MOORAGE_LIBNODE} (include/nodejs/src/node.h, lib/<arch>/libnode.so.${node_abi}). "
      "On Debian: apt-get install libnode-dev; or unpack libnode-dev, the libnode it depends on and libuv1-dev somewhere and give "
      "-DMOORAGE_LIBNODE=<that folder>/usr; or leave the embedded host out with -DMOORAGE_EMBED=OFF.")
  endif()
  list(GET libnode_found 0 MOORAGE_LIBNODE_FILE)
  get_filename_component(MOORAGE_LIBNODE_DIR "${MOORAGE_LIBNODE_FILE}" DIRECTORY)
endif()
