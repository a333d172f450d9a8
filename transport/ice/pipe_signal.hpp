// SPDX-License-Identifier: Apache-2.0
// Private: whose SIGPIPE is.
#pragma once

namespace godwit::ice {

/// GIO, which libnice's sockets are, makes the whole process ignore SIGPIPE when its first socket is made (gsocket.c,
/// g_socket_class_init), although it sends with MSG_NOSIGNAL or on sockets with SO_NOSIGPIPE. What a signal does is the
/// embedder's business: this makes that first use happen now, once, and puts back what was. Any thread. A program that
/// changes SIGPIPE on another thread during the first call may lose its change.
void keep_pipe_signal();

} // namespace godwit::ice
