// SPDX-License-Identifier: Apache-2.0
// Private: libnice's own remarks, which GLib would print on the program's stderr.
#pragma once

#include "lib/port/trace.hpp"

namespace godwit::ice {

/// While it lives, what libnice says on this thread goes to `trace` (nullptr: is printed as ever). GLib has one handler
/// a library and process; ours looks whose loop speaks, and leaves to GLib what other threads say, so an embedder that
/// uses libnice too sees its own. At most one with a trace a thread.
class NiceLog {
public:
    explicit NiceLog(port::Trace* trace);
    ~NiceLog();
    NiceLog(const NiceLog&) = delete;
    NiceLog& operator=(const NiceLog&) = delete;

private:
    port::Trace* before_;
};

} // namespace godwit::ice
