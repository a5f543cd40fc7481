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
  file(GLOB libnode_found "${MOORAGE_LIBNODE}/lib/*-linux-gnu/libnode.so.108" "${MOORAGE_LIBNODE}/lib/libnode.so.108")
  if(NOT EXISTS "${MOORAGE_NODE_INCLUDE}/node.h" OR NOT libnode_found)
    message(FATAL_ERROR "libnode 18 is not below ${MOORAGE_LIBNODE} (include/nodejs/src/node.h, lib/<arch>/libnode.so.108). "
      "On Debian: apt-get install libnode-dev; or unpack libnode108, libnode-dev and libuv1-dev somewhere and give "
      "-DMOORAGE_LIBNODE=<that folder>/usr; or leave the embedded host out with -DMOORAGE_EMBED=OFF.")
  endif()
  list(GET libnode_found 0 MOORAGE_LIBNODE_FILE)
  get_filename_component(MOORAGE_LIBNODE_DIR "${MOORAGE_LIBNODE_FILE}" DIRECTORY)
endif()
