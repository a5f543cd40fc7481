#pragma once

#include <mesos/version.hpp>

/** Whether the headers are those of Mesos 1.`minor` or later. */
#define MOORAGE_MESOS_SINCE(minor) \
  (MESOS_MAJOR_VERSION_NUM > 1 || (MESOS_MAJOR_VERSION_NUM == 1 && MESOS_MINOR_VERSION_NUM >= (minor)))

#if !MOORAGE_MESOS_SINCE(5)
#error "moorage needs Mesos 1.5 or later: before that an isolator could not name mounts for its container"
#endif
