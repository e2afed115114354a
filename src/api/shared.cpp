// The shared library is made of the folders' static libraries; CMake wants one source of its own.
#include <bolide/bolide.h>
